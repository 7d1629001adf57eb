"""What a test writes into a run's folder is what is read from it."""

import csv
import json
import math

import numpy as np
import pytest

from studies.bounds import Between
from studies.figure import Figure, MetricSummary
from studies.run_files import NewerFormat
from studies.run_folder import RunFolder
from studies.run_reports import (
    DriftTable,
    MeanSweep,
    read_bounds,
    read_control,
    read_note_values,
    read_quality,
    write_control,
    write_quality,
)
from studies.tested_run import read_run

FIGURES = [
    Figure("requests", None, None, None, "1", "higher", "How many.", 88.0, math.nan, math.nan, 4, 4),
    Figure("error", "level", "flute", None, "dB", "lower", "How far off.", 1.25, 1.0, 1.5, 3, 4),
]


@pytest.fixture
def run(tmp_path):
    """A tested run."""
    run = RunFolder(tmp_path / "flute")
    summaries = [
        MetricSummary("snr", "dB", "higher", "Signal to noise.", 12.0, 11.0, 10.0, 14.0, 2, 3),
        MetricSummary("f0_l1", "semitones", "lower", "Off by.", math.nan, math.nan, math.nan, math.nan, 0, 3),
    ]
    write_quality(run, {"run": "flute"}, summaries, 3, 1, "note,snr,f0_l1\nb,10,\na,14,\nc,,\n")
    crosstalk = DriftTable(["level"], ["level", "f0"], np.array([[np.nan, 0.5]]), np.array([[1.0, 0.0]]))
    sweep = MeanSweep("level", "dB", np.array([0.0, 1.0]), np.array([-60.0, 0.0]), np.array([np.nan, -3.0]))
    write_control(run, {"run": "flute"}, FIGURES, crosstalk, [sweep], ["Mind this."], "note,knob\na,level\n")
    run.config.write_text("model: {encoder: {}}\nseed_everything: 3\n")
    return run


def test_quality_comes_back(run):
    (snr, pitch), notes = read_quality(run)
    assert snr == Figure("snr", None, None, None, "dB", "higher", "Signal to noise.", 12.0, 10.0, 14.0, 2, 3)
    assert math.isnan(pitch.value) and (pitch.n, pitch.of) == (0, 3) and notes == ("a", "b", "c")


def test_what_fits_say_comes_back_and_earlier_tests_said_nothing(run):
    """Beside the figures as they were: where nothing is undefined, equal to the last bit."""
    assert read_bounds(run) == [] == read_run(run.path).bounds
    whole = Figure("snr", None, None, None, "dB", "higher", "Signal to noise.", 12.0, 10.0, 14.0, 2, 3)
    share = Figure("snr_share", None, None, None, "share", "lower", "Part.", 0.4, math.nan, math.nan, 2, 3)
    said = Between(whole, whole._replace(value=20.0, rendering="fit"), whole._replace(rendering="two seeds"), share)
    summaries, (figures, _) = [MetricSummary(*whole[:1], *whole[4:8], 11.0, 10.0, 14.0, 2, 3)], read_quality(run)
    write_quality(run, {}, summaries, 3, 0, run.notes.read_text() + "a,20,\n", [said])
    (found,) = read_bounds(run)
    assert found[:3] == said[:3] and found.share[:8] == share[:8] and math.isnan(found.share.low)
    assert read_quality(run)[0] == figures[:1] and json.loads(run.metrics.read_text())["format"] == 2
    report = json.loads(run.metrics.read_text())
    del report["bounds"]
    run.metrics.write_text(json.dumps(report))
    assert read_bounds(run) == []


def test_control_comes_back(run):
    found = read_control(run)
    assert found.knobs == ("level",) and [str(figure) for figure in found.figures] == [*map(str, FIGURES)]
    assert found.crosstalk.columns == ["level", "f0"]
    assert found.crosstalk.drift_jnd.tolist()[0][1] == 0.5 and np.isnan(found.crosstalk.drift_jnd[0, 0])
    report = json.loads(run.control.read_text(), parse_constant=pytest.fail)
    assert report["crosstalk"]["change"] == [[1.0, 0.0]] and report["remarks"] == ["Mind this."]
    assert report["sweeps"] == [
        {
            "knob": "level",
            "unit": "dB",
            "positions": [0, 1],
            "asked": [-60, 0],
            "measured": [None, -3],
            "rendering": "open",
        }
    ]
    assert [row["knob"] for row in csv.DictReader(run.control_rows.open())] == ["level"]


def test_what_was_not_measured_is_not_there(run):
    run.control.unlink()
    run.notes.unlink()
    assert read_control(run) is None and read_quality(run)[1] == ("", "", "")


@pytest.mark.parametrize("name", ["metrics", "control"])
def test_reports_without_a_format_are_read_and_newer_ones_refused(name, run):
    """Those of before the first format say the same under the same names."""
    path, before = getattr(run, name), read_run(run.path)
    report = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in report.items() if key != "format"}))
    assert str(read_run(run.path)) == str(before)
    path.write_text(json.dumps({**report, "format": 99}))
    with pytest.raises(NewerFormat, match=rf"{name}\.json is of format 99"):
        read_run(run.path)


def test_what_single_notes_and_sweeps_say_is_read(run):
    """Open where no rendering is told; what is empty, and what nobody wants, is left out."""
    assert read_note_values(run, {"snr", "error"}) == {
        ("snr", "open"): {("b", ""): 10.0, ("a", ""): 14.0}
    }  # fmt: skip
    run.control_rows.write_text("note,family,register,knob,rendering,error,remark\na,flute,low,level,exact,0.5,loud\n")
    assert read_note_values(run, {"snr", "error"})["error", "exact"] == {("a", "level"): 0.5}
    (sweep,) = read_control(run).sweeps
    assert (sweep.knob, sweep.unit, sweep.asked.tolist(), sweep.rendering) == ("level", "dB", [-60.0, 0.0], "open")
    np.testing.assert_array_equal(sweep.measured, [np.nan, -3.0])
    run.notes.write_text("note,snr\na,loud\n")
    with pytest.raises(ValueError, match="loud"):
        read_note_values(run, {"snr", "error"})
