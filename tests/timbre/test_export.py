"""export: a model as one file; every wrong use in one sentence, and nothing half-written."""

import sys

import pytest
import torch

from timbre import main


def test_writes_a_file_and_says_what_is_in_it(trained, tmp_path, capfd):
    """Inputs, outputs, latency, difference and speed."""
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    main(["export", str(trained), str(tmp_path / "a.onnx"), "--block_frames", "2"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]
    said, complained = capfd.readouterr()
    for words in (
        "blocks of 20.0 ms",
        "controls (1, 2, 5)",
        "audio (1, 320)",
        "20.0 ms (2 frames)",
        "differs",
        "of real time",
    ):
        assert words in said
    assert not complained


def test_exact_knobs_are_refused_where_a_part_is_dumb(trained, tmp_path, refuses, monkeypatch):
    """One sentence, before anything is written."""
    monkeypatch.setattr(
        "lightning_modules.exact.obstacle_of", lambda model: "Odd of the synth cannot say what it plays"
    )
    pytest.importorskip("onnxscript")
    said = refuses("export", trained, tmp_path / "a.onnx", "--exact")
    assert "Odd of the synth cannot say what it plays: export it without --exact." in said
    assert not list(tmp_path.iterdir())


def test_wrong_uses_are_named(trained, tmp_path, refuses, monkeypatch):
    """A wrong ending, folder, block, checkpoint, and a missing package."""
    output = tmp_path / "a.onnx"
    assert ".wav" in refuses("export", trained, tmp_path / "a.wav")
    assert "nowhere" in refuses("export", trained, tmp_path / "nowhere" / "a.onnx")
    assert "--block_frames 0" in refuses("export", trained, output, "--block_frames", "0")
    assert "no checkpoint" in refuses("export", tmp_path / "none.ckpt", output)
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    assert "another model" in refuses("export", tmp_path / "other.ckpt", output)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert "pip install '.[onnx]'" in refuses("export", trained, output)
    assert not list(tmp_path.glob("a*"))
