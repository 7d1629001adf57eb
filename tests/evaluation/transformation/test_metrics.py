"""Who is nearer to the target, on values with known answers; and the files and tables that say so."""

import csv
import io
import json
import math

import pytest
import torch
from rich.console import Console

from evaluation.resynthesis import METRICS
from evaluation.transformation.metrics import (
    DEFINITION,
    SOUNDS,
    ComparedNote,
    Criterion,
    compare,
    criteria_of,
    knob_errors,
    notes_csv,
    report_of,
    transformation_tables,
)
from synths import FundamentalShare, Level, Noisiness, OddEvenBalance, Sharpness, SpectralCentroid

DISTANCE = Criterion("distance", "distance", "dB", "lower", "How far.")
OPINION = Criterion("opinion", "opinion", "MOS", "higher", "How good.")


def note(name, untouched, transformed, device="", other=0.0):
    """A note whose values are the same by both criteria."""
    values = dict.fromkeys(SOUNDS, other) | {"untouched": untouched, "transformed": transformed}
    return ComparedNote(name, device, {s: {"distance": value, "opinion": value} for s, value in values.items()})


@pytest.fixture
def notes():
    """Transformed is nearer by distance on two, further on one, level on one, and undefined on one."""
    return [
        note("a", 4.0, 1.0, "Fuzz"),
        note("b", 4.0, 2.0, "Fuzz"),
        note("c", 1.0, 2.0, "Amp"),
        note("d", 3.0, 3.0, "Amp"),
        note("e", 3.0, math.nan),
    ]


def test_every_criterion_says_what_it_is(clip):
    """Metrics as they are; a knob in its unit, and in JNDs where it has one; all JNDs together."""
    metrics, knobs = [metric(clip) for metric in METRICS], [Level(clip), SpectralCentroid(clip)]
    criteria = {criterion.name: criterion for criterion in criteria_of(metrics, knobs)}
    assert list(criteria) == [
        *(metric.name for metric in METRICS),
        *("level_error", "level_error_jnd", "spectral_centroid_error", "knobs_error_jnd"),
    ]
    assert criteria["visqol"].better == "higher" and criteria["level_error"].better == "lower"
    assert (criteria["level_error"].unit, criteria["level_error_jnd"].unit) == ("dB", "JND")
    assert [c.label for c in criteria.values()][-4:] == ["", "level", "spectral_centroid", "all knobs"]
    assert all(criterion.definition.endswith(".") for criterion in criteria.values())
    assert "knobs_error_jnd" not in {criterion.name for criterion in criteria_of(metrics, knobs[1:])}


def test_knobs_are_judged_where_the_target_sounds(clip):
    """Known curves: 6 dB and 0.4 acum apart in the frames that sound, wildly in the others."""
    knobs = [Level(clip), Sharpness(clip), SpectralCentroid(clip)]
    sounding = torch.tensor([[True, True, False], [False, False, False]])
    target = [torch.zeros(2, 3)] * 3
    sound = [torch.tensor([4.0, -8.0, 90.0]), torch.tensor([0.4, 0.4, 9.0]), torch.tensor([0.1, 0.3, 1.0])]
    errors = knob_errors(knobs, target, [curve.expand(2, 3) for curve in sound], sounding)
    assert {name: float(error[0]) for name, error in errors.items()} == pytest.approx(
        {
            "level_error": 6.0,
            "level_error_jnd": 6.0,
            "sharpness_error": 0.4,
            "sharpness_error_jnd": 5.0,
            "spectral_centroid_error": 0.2,
            "knobs_error_jnd": 5.5,
        }
    )
    assert all(error[1].isnan() for error in errors.values()), "a silent target has no knobs to compare"
    assert list(errors) == [criterion.name for criterion in criteria_of([], knobs)]


def test_nearer_is_lower_or_higher_as_the_criterion_says(notes):
    """Two of four nearer and one tie: 5 halves of 8, and what remains where higher is better."""
    distance, opinion = compare([DISTANCE, OPINION], notes)
    assert distance.win_rate.mean == (1 + 1 + 0 + 0.5) / 4 and opinion.win_rate.mean == (0 + 0 + 1 + 0.5) / 4
    assert distance.difference == opinion.difference
    assert distance.difference.mean == (-3 - 2 + 1 + 0) / 4 and distance.difference.n_notes == 4
    assert -3.0 <= distance.difference.low < distance.difference.mean < distance.difference.high <= 1.0


def test_means_are_over_the_notes_where_a_sound_is_defined(notes):
    """Each sound over its own; nothing at all is NaN, one note has no interval."""
    (found,) = compare([DISTANCE], notes)
    assert found.sounds["untouched"].mean == 3.0 and found.sounds["untouched"].n_notes == 5
    assert found.sounds["transformed"].mean == 2.0 and found.sounds["transformed"].n_notes == 4
    assert list(found.sounds) == list(SOUNDS)
    (one,) = compare([DISTANCE], notes[:1])
    assert one.difference.mean == -3.0 and math.isnan(one.difference.low)
    (none,) = compare([DISTANCE], notes[4:])
    assert math.isnan(none.win_rate.mean) and none.win_rate.n_notes == 0


def test_the_difference_is_paired():
    """Notes that differ by far more than the sounds do, all a little nearer: an interval clear of 0."""
    (found,) = compare([DISTANCE], [note(f"{n}", 10.0 * n, 10.0 * n - 0.5 - 0.01 * n) for n in range(12)])
    assert -0.65 < found.difference.low <= found.difference.high < -0.5
    assert found.win_rate == (1.0, 1.0, 1.0, 12)
    assert found.sounds["untouched"].high - found.sounds["untouched"].low > 20.0


def test_the_report_is_strict_and_by_device(notes):
    """Definitions once; for each device its own notes; a note of no known device counts only among all."""
    report = json.loads(json.dumps(report_of(compare([DISTANCE, OPINION], notes), notes, "A remark."), allow_nan=False))
    assert report["n_notes"] == 5 and report["definition"] == DEFINITION and report["remark"] == "A remark."
    assert report["sounds"] == SOUNDS
    first = report["criteria"][0]
    assert [first[key] for key in ("name", "unit", "better", "definition")] == ["distance", "dB", "lower", "How far."]
    assert "label" not in first
    assert first["win_rate"]["mean"] == 0.625 and first["sounds"]["untouched"]["mean"] == 3.0
    amp, fuzz = report["devices"]
    assert (amp["device"], amp["n_notes"], fuzz["device"], fuzz["n_notes"]) == ("Amp", 2, "Fuzz", 2)
    assert fuzz["criteria"]["distance"]["win_rate"]["mean"] == 1.0
    assert fuzz["criteria"]["opinion"]["win_rate"]["mean"] == 0.0
    assert amp["criteria"]["distance"]["win_rate"]["mean"] == 0.25
    assert amp["criteria"]["distance"]["sounds"]["transformed"]["mean"] == 2.5
    undefined = report_of(compare([DISTANCE], notes[4:]), notes[4:], "")
    assert undefined["criteria"][0]["win_rate"] == {"mean": None, "low": None, "high": None, "n_notes": 0}
    assert undefined["devices"] == []


def test_a_line_per_note_and_sound(notes):
    """With its device; empty where undefined; names with commas stay whole."""
    text = notes_csv([DISTANCE, OPINION], [notes[0]._replace(note="a, b"), notes[4]])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["note"], line["sound"]) for line in lines] == [(n, s) for n in ("a, b", "e") for s in SOUNDS]
    assert [line["device"] for line in lines] == ["Fuzz"] * 4 + [""] * 4
    assert lines[1]["distance"] == "1.0" and lines[5]["distance"] == ""


def test_the_tables_say_the_numbers(notes):
    """Sounds in the order of their headers; how many are nearer, and by how much."""
    values = dict(zip(SOUNDS, ({"distance": value} for value in (4.0, 1.0, 5.0, 0.5)), strict=True))
    means, wins = transformation_tables(compare([DISTANCE], [ComparedNote("a", "", values)] * 2))
    cells = [next(iter(column.cells)) for column in means.columns]
    assert cells == ["distance", "dB", "4.00", "1.00", "5.00", "0.500"]
    assert [column.header for column in means.columns][2:] == [sound.replace("_", " ") for sound in SOUNDS]
    cells = [next(iter(column.cells)) for column in wins.columns]
    assert cells == ["distance", "lower", "100 %", "-3.00", "-3.00 to -3.00", "2"]
    _, wins = transformation_tables(compare([DISTANCE], notes[4:]))
    assert [next(iter(column.cells)) for column in wins.columns][2:] == ["–", "–", "–", "0"]


@pytest.mark.parametrize("width", [80, 120])
def test_the_tables_fit(clip, width):
    """Nothing is cut off at 80 columns, with the longest of names and numbers."""
    knobs = [knob(clip) for knob in (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness)]
    criteria = criteria_of([metric(clip) for metric in METRICS], knobs)
    values = [
        {s: {c.name: -0.12345 * (n + 1) * (c.name != "visqol") for c in criteria} for s in SOUNDS} for n in (0, 1)
    ]
    values[0]["transformed"]["snr"] = -100.0
    notes = [ComparedNote(f"{n}", "", value) for n, value in enumerate(values)]
    console = Console(width=width, record=True, file=io.StringIO())
    for table in transformation_tables(compare(criteria, notes)):
        console.print(table)
    text = console.export_text()
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    for criterion in criteria:
        assert not criterion.label or text.count(f" {criterion.label} ") == 2
    assert "level_error" not in text and "50 %" in text
