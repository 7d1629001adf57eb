"""Summaries ignore what is undefined, intervals cover the mean, and the files are strict."""

import csv
import io
import json
import math

import pytest
import torch
from rich.console import Console

from evaluation.resynthesis import (
    METRICS,
    QUICK_METRICS,
    SNR,
    LoudnessL1,
    NoteRow,
    measure_notes,
    not_finite_sentence,
    summarize,
    summary_table,
    write_report,
)
from studies.run_folder import RunFolder
from studies.run_reports import read_quality


@pytest.fixture
def metrics(clip):
    return [LoudnessL1(clip), SNR(clip)]


@pytest.fixture
def rows():
    return [NoteRow(f"note_{index}", {"loudness_l1": float(index), "snr": math.nan}) for index in range(1, 11)]


def test_every_metric_says_what_it_is():
    assert len({metric.name for metric in METRICS}) == len(METRICS) == 13
    for metric in METRICS:
        assert metric.better in ("lower", "higher")
        assert metric.unit
        assert metric.definition.endswith(".") and "  " not in metric.definition


def test_every_quick_metric_gives_one_number_a_note(clip, noise, pair_of):
    target, output = torch.cat([noise(0), noise(1)]), torch.cat([noise(0), 0 * noise(1)])
    for metric in QUICK_METRICS:
        values = metric(clip)(pair_of(target, output))
        assert values.shape == (2,)
        assert values[0].isfinite()


def test_an_output_that_is_not_a_number_is_undefined_and_not_a_crash(clip, noise, pair_of):
    pair = pair_of(noise(), torch.nan * noise(), output_hz=math.nan)
    for metric in QUICK_METRICS:
        assert metric(clip)(pair).isnan().all(), metric.name


def test_infinity_in_one_note_is_that_note_alone(metrics, noise, pair_of):
    """It has no value, whatever a metric makes of it; the sentence and the report count it."""
    broken = noise(0)
    broken[0, 5000] = math.inf
    rows = measure_notes(metrics, pair_of(torch.cat([noise(0), noise(1)]), torch.cat([broken, noise(1)])), ["a", "b"])
    assert [row.is_finite for row in rows] == [False, True]
    assert all(math.isnan(value) for value in rows[0].values.values())
    assert rows[1].values == {"loudness_l1": 0.0, "snr": 100.0}
    assert not_finite_sentence(rows).startswith("1 of 2 notes were not finite") and not_finite_sentence(rows[1:]) == ""


def test_rows_carry_the_names_and_the_values(metrics, noise, pair_of):
    pair = pair_of(torch.cat([noise(0), noise(1)]), torch.cat([noise(0) / 2, noise(1)]))
    first, second = measure_notes(metrics, pair, ["flute", "reed"])
    assert (first.note, second.note) == ("flute", "reed")
    assert first.values == pytest.approx({"loudness_l1": 6.02, "snr": 6.02}, abs=0.01)
    assert second.values == {"loudness_l1": 0.0, "snr": 100.0}


def test_summary_is_of_the_notes_where_the_metric_is_defined(metrics, rows):
    rows.append(NoteRow("silent", {"loudness_l1": math.nan, "snr": 12.0}))
    loudness, snr = summarize(metrics, rows)
    assert (loudness.mean, loudness.median, loudness.n_notes, loudness.of) == (5.5, 5.5, 10, 11)
    assert 3.0 < loudness.low < 4.5 and 6.5 < loudness.high < 8.0
    assert (snr.mean, snr.n_notes) == (12.0, 1)
    assert math.isnan(snr.low) and math.isnan(snr.high)
    assert summarize(metrics, rows)[0] == loudness


def test_the_report_is_strict_json_and_plain_csv(tmp_path, metrics, rows):
    summaries = write_report(
        RunFolder(tmp_path / "test"), metrics, rows, {"run": "flute", "step": 100, "loss": math.nan}
    )
    report = json.loads((tmp_path / "test" / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert report["facts"] == {"run": "flute", "step": 100, "loss": None}
    assert (report["n_notes"], report["n_not_finite"]) == (10, 0)
    assert report["metrics"][0]["mean"] == 5.5
    assert report["metrics"][0]["definition"] == LoudnessL1.definition
    assert report["metrics"][1]["mean"] is None and report["metrics"][1]["n_notes"] == 0
    with (tmp_path / "test" / "notes.csv").open() as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["note", "rendering", "loudness_l1", "snr"]
    assert lines[1] == ["note_1", "open", "1.0", ""]
    assert len(summaries) == 2 and len(lines) == 11
    assert sorted(path.name for path in (tmp_path / "test").iterdir()) == ["metrics.json", "notes.csv"]


def test_other_renderings_stand_beside_the_open_one(tmp_path, metrics, rows):
    """Summaries by rendering; of notes there are as many as before; a metric that was not taken is a dash."""
    exact = [row._replace(values={"loudness_l1": 0.25}, rendering="exact") for row in rows]
    summaries = write_report(RunFolder(tmp_path / "test"), metrics, [*rows, *exact], {})
    assert [(s.name, s.rendering) for s in summaries] == [
        ("loudness_l1", "open"),
        ("snr", "open"),
        ("loudness_l1", "exact"),
    ]
    assert summaries[2].mean == 0.25
    figures, notes = read_quality(RunFolder(tmp_path / "test"))
    assert len(notes) == 10 and [f.rendering for f in figures] == ["open", "open", "exact"]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(summary_table(summaries))
    lines = console.export_text().splitlines()
    loudness = next(line for line in lines if "loudness_l1" in line)
    assert loudness.split()[3] == "5.50" and "0.250" in loudness and any("exact" in line for line in lines)


def test_the_table_names_every_metric(metrics, rows):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(summary_table(summarize(metrics, rows)))
    text = console.export_text()
    assert "loudness_l1" in text and "5.50" in text and "–" in text and "0 of 10" in text
