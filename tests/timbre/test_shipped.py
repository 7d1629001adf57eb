"""Experiments and sweeps are found from any folder; what lies in the current one comes first."""

import pytest

from timbre import main
from timbre.shipped import ROOT, with_shipped

RECIPE = "configs/experiments/descriptor_recordings.yaml"


def test_a_file_that_is_not_here_is_the_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["-c", RECIPE, "--model.decoder=configs/decoders/gru.yaml", "--data.root", "sounds", "configs/none.yaml"]
    found = with_shipped(given)
    assert found[1] == str(ROOT / RECIPE) and found[2] == f"--model.decoder={ROOT}/configs/decoders/gru.yaml"
    assert [found[index] for index in (0, 3, 4, 5)] == ["-c", "--data.root", "sounds", "configs/none.yaml"]


def test_a_file_of_ones_own_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs" / "experiments").mkdir(parents=True)
    (tmp_path / RECIPE).write_text("")
    assert with_shipped(["-c", RECIPE]) == ["-c", RECIPE]


@pytest.mark.parametrize("word", ["", "=", "--x=", "configs", "/configs/experiments/demo.yaml", "a=b=configs/none"])
def test_other_words_stay(word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert with_shipped([word]) == [word]


def test_the_command_line_finds_them(tmp_path, monkeypatch, refuses, capsys):
    monkeypatch.chdir(tmp_path)
    assert "nowhere" in refuses("fit", "-c", RECIPE, "--data.root", "nowhere")
    main(["sweep", "sweeps/turned_share.yaml"])
    assert "grid, 15 points" in capsys.readouterr().out
