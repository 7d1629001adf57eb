"""Sounds of a run are found where they were put."""

import json

import pytest

from studies.run_folder import RunFolder
from studies.run_sounds import Slider, read_sliders, sample_of, samples, slider_file, write_sliders

SLIDER = Slider("strings/a", "level", 0.1, -50.0, None, "dB", "0-level-0.1.wav")


def test_samples_are_found_by_the_name_of_their_clip(tmp_path):
    """Both sounds of a clip; a half and another program's files are passed over."""
    run = RunFolder(tmp_path)
    run.samples.mkdir()
    files = [sample_of(run, number, name) for number, name in enumerate(("strings/a-1", "b", "c"))]
    for path in (*files[0], *files[1], files[2].target, run.samples / "t00.wav"):
        path.touch()
    assert samples(run) == {"a-1": files[0][:2], "b": files[1][:2]}


def test_sliders_come_back_and_stale_sounds_go(tmp_path):
    run = RunFolder(tmp_path)
    run.sliders.mkdir()
    for name in (SLIDER.file, "9-level-0.9.wav"):
        (run.sliders / name).touch()
    write_sliders(run, [SLIDER])
    assert read_sliders(run) == [SLIDER] and slider_file(0, "level", 0.1) == SLIDER.file
    assert {path.name for path in run.sliders.iterdir()} == {"sliders.json", SLIDER.file}


def test_a_list_without_a_format_is_read(tmp_path):
    run = RunFolder(tmp_path)
    run.sliders.mkdir()
    run.slider_list.write_text(json.dumps([SLIDER._asdict()]))
    assert read_sliders(run) == [SLIDER] and read_sliders(RunFolder(tmp_path / "other")) == []


@pytest.mark.parametrize("file", ["../secret.wav", "/etc/passwd", "sub/a.wav", "..", "", "a\\b.wav"])
def test_a_sound_elsewhere_is_refused(file, tmp_path):
    """A list that was tampered with leads to no file outside its folder."""
    run = RunFolder(tmp_path)
    run.sliders.mkdir()
    run.slider_list.write_text(json.dumps([SLIDER._replace(file=file)._asdict()]))
    with pytest.raises(ValueError, match="does not lie beside it"):
        read_sliders(run)
