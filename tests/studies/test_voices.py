"""Voices go by name, and say what they are without torch."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from studies import voices
from studies.run_folder import checkpoint_in
from studies.voices import card_of, head_of, is_voice, voice_file, voice_names

SAID = {"what": "a flute", "data": "ten notes", "licence": "MIT"}
HEAD = {"card": SAID, "hyper_parameters": {"clip": {"sample_rate": 44100}}, "global_step": 7, "presets": {"flute": 60}}


def write(path, head=HEAD):
    path.parent.mkdir(exist_ok=True)
    with ZipFile(path, "w") as archive:
        archive.writestr("voice.json", head if isinstance(head, str | bytes) else json.dumps(head))
    return path


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A package with two voices, seen from an empty folder."""
    folder = tmp_path / "package"
    for name in ("bell", "orchestra"):
        write(folder / f"{name}.timbre")
    monkeypatch.setattr(voices, "FOLDER", folder)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


def test_a_card_says_what_stands_in_the_file(tmp_path):
    path = write(tmp_path / "x.timbre")
    assert card_of(path) == ("a flute", "ten notes", "MIT", 44100, 7, ["flute"], path.stat().st_size, [])


@pytest.mark.parametrize("head", ["", "[1, 2]", '{"card":', "[" * 100000, b"\xff\xfe", '"' + "x" * (1 << 20) + '"'])
def test_a_head_that_is_none_is_refused(tmp_path, head):
    with pytest.raises(ValueError, match=r"x\.timbre is not a voice that can be read"):
        head_of(write(tmp_path / "x.timbre", head))


@pytest.mark.parametrize(("form", "is_known"), [(1, True), (2, True), (3, False), ("x", False)])
def test_a_file_of_a_newer_version_is_told(tmp_path, form, is_known):
    path = write(tmp_path / "x.timbre", HEAD | {"format": form})
    if is_known:
        assert head_of(path)["format"] == form
    else:
        with pytest.raises(ValueError, match="is a voice of a newer InterpretSynth than this one"):
            head_of(path)


@pytest.mark.parametrize("missing", ["card", "presets", "global_step", "hyper_parameters"])
def test_a_card_that_says_less_is_refused(tmp_path, missing):
    path = write(tmp_path / "x.timbre", {key: value for key, value in HEAD.items() if key != missing})
    with pytest.raises(ValueError, match=r"x\.timbre does not say what voice it is"):
        card_of(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_other_files_are_no_voices(tmp_path, content):
    path = tmp_path / "x.timbre"
    path.write_bytes(content)
    assert not is_voice(path) and not is_voice(tmp_path / "nosuch") and not is_voice(tmp_path)


def test_the_default_comes_first(shipped):
    assert voice_names() == ["orchestra", "bell"]
    assert voice_file("bell") == shipped / "bell.timbre" and voice_file("gong") is None
    assert voice_file("../package/bell") is None and voice_file("bell.timbre") is None


def test_a_name_is_a_voice_unless_a_file_or_a_run_of_that_name_lies_here(shipped):
    assert checkpoint_in(Path("bell")) == shipped / "bell.timbre"
    Path("bell").mkdir()
    assert checkpoint_in(Path("bell")) == shipped / "bell.timbre"
    (Path("bell") / "config.yaml").touch()
    assert checkpoint_in(Path("bell")) == Path("bell/checkpoints/best.ckpt")
    Path("orchestra").write_bytes(b"")
    assert checkpoint_in(Path("orchestra")) == Path("orchestra")
    assert checkpoint_in(Path("gong")) == Path("gong")
