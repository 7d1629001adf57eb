"""A command's model: a voice by name, a run, a file; the default where none is named."""

import argparse
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from studies import voices
from timbre.named_model import add_model, refuse_wrong_model


def given(*args):
    parser = argparse.ArgumentParser()
    add_model(parser)
    parser.add_argument("input")
    parser.add_argument("output")
    return parser.parse_intermixed_args(args)


@pytest.fixture
def bell(tmp_path, monkeypatch):
    """The only voice of the package."""
    (tmp_path / "package").mkdir()
    head = {
        "card": {"what": "a bell", "data": "one", "licence": "MIT"},
        "hyper_parameters": {"clip": {"sample_rate": 16000}},
        "global_step": 1,
        "presets": {"big": 50, "small": 80},
    }
    with ZipFile(tmp_path / "package" / "bell.timbre", "w") as archive:
        archive.writestr("voice.json", json.dumps(head))
    monkeypatch.setattr(voices, "FOLDER", tmp_path / "package")


def test_without_one_the_default_is_meant_wherever_options_stand():
    for args in (("a", "b"), ("--preset", "x", "a", "b"), ("a", "--preset", "x", "b"), ("a", "b", "--preset", "x")):
        assert (given(*args).checkpoint, given(*args).input, given(*args).output) == (Path("orchestra"), "a", "b")
    named = given("m", "--preset", "x", "a", "b")
    assert (named.checkpoint, named.input, named.output, named.preset) == (Path("m"), "a", "b", "x")


def test_a_preset_that_is_there_passes(bell):
    refuse_wrong_model(given("bell", "a", "b", "--preset", "small"))
    refuse_wrong_model(given("bell", "a", "b"))


def test_one_that_is_not_is_refused(bell):
    with pytest.raises(ValueError, match="--preset huge: bell has no preset of that name: choose big, small"):
        refuse_wrong_model(given("bell", "a", "b", "--preset", "huge"))


def test_a_checkpoint_has_none(tmp_path):
    with ZipFile(tmp_path / "x.ckpt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    with pytest.raises(ValueError, match=r"x\.ckpt has no preset of that name: leave it out"):
        refuse_wrong_model(given(str(tmp_path / "x.ckpt"), "a", "b", "--preset", "huge"))


def test_a_model_that_is_not_there_is_named_with_the_voices_that_are(bell):
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint gong: .*or a voice: bell"):
        refuse_wrong_model(given("gong", "a", "b"))
