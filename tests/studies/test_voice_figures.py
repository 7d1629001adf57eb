"""What a voice carries of all that a test measures."""

import pytest

from studies import voice_figures
from studies.figure import Figure
from studies.tested_run import Run


def figure(name, knob=None, value=1.0, rendering="open", family=None):
    words = "JND", "lower", "How far off from what was asked. More words."
    return Figure(name, knob, family, None, *words, value, value, value, 3, 4, rendering=rendering)


def test_a_few_are_kept_each_knob_in_the_finer_unit_that_it_has(monkeypatch):
    quality = [figure("snr"), figure("visqol"), figure("multi_resolution_stft")]
    control = [
        figure("frave_score", "level"),
        figure("frave_score"),
        figure("error", "level"),
        figure("error_jnd", "level", 0.5),
        figure("error_jnd", "level", 0.1, "exact"),
        figure("error_jnd", "level", 0.1, family="brass"),
        figure("error_jnd_in_reach", "level", 0.05, "exact"),
        figure("error_jnd", "share", float("nan")),
        figure("error", "share", 2.0),
    ]
    run = Run("x", {}, "", "0", (), ("level", "share"), quality, control, None)
    monkeypatch.setattr(voice_figures, "read_run", lambda folder: run)
    kept = [(each["name"], each["knob"], each["value"], each["rendering"]) for each in voice_figures.figures_of("x")]
    assert kept == [
        ("multi_resolution_stft", None, 1.0, "open"),
        ("visqol", None, 1.0, "open"),
        ("frave_score", None, 1.0, "open"),
        ("error_jnd", "level", 0.5, "open"),
        ("error_jnd", "level", 0.1, "exact"),
        ("error_jnd_in_reach", "level", 0.05, "exact"),
        ("error", "share", 2.0, "open"),
    ]


def test_definitions_are_short(monkeypatch):
    run = Run("x", {}, "", "0", (), (), [figure("visqol")], None, None)
    monkeypatch.setattr(voice_figures, "read_run", lambda folder: run)
    assert voice_figures.figures_of("x")[0]["definition"] == "How far off from what was asked"


def test_a_run_that_was_not_tested_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_text("seed_everything: 0\n")
    with pytest.raises(FileNotFoundError, match=r"has no metrics\.json"):
        voice_figures.figures_of(tmp_path)
