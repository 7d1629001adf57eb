"""What `timbre test` says of a run: metrics.json, notes.csv, control.json and control.csv, written and read."""

import csv
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from output.whole_files import write_text
from studies.bounds import Between, between_from_json
from studies.figure import OPEN, Figure, MetricSummary, figure_from_json
from studies.run_files import read_json, write_json
from studies.run_folder import RunFolder

NoteValues = dict[tuple[str, str], dict[tuple[str, str], float]]
"""Name and rendering of a figure -> note and knob, which is empty for quality -> a number."""


class DriftTable(NamedTuple):
    """How far (K, J) each column drifts, in just noticeable differences, while each knob is turned; NaN: no JND.

    change: (K, J) how far each column goes with each knob, None where that was not written
    """

    knobs: list[str]
    columns: list[str]
    drift_jnd: np.ndarray
    change: np.ndarray | None = None


class MeanSweep(NamedTuple):
    """One knob at P positions, over all notes: values asked for and measured, in the knob's unit."""

    knob: str
    unit: str
    positions: np.ndarray
    asked: np.ndarray
    measured: np.ndarray
    rendering: str = OPEN


class ControlReport(NamedTuple):
    """Knobs, figures, cross-talk and mean sweeps of a run; figures alone where it has no knobs."""

    knobs: tuple[str, ...]
    figures: list[Figure]
    crosstalk: DriftTable | None
    sweeps: list[MeanSweep] = []


def write_quality(
    run: RunFolder,
    facts: Mapping[str, Any],
    summaries: Sequence[MetricSummary],
    n_notes: int,
    n_not_finite: int,
    notes_csv: str,
    bounds: Sequence[Between] = (),
) -> None:
    """Write metrics.json and notes.csv.

    Args:
        run: whose folder they go to
        facts: what a reader needs to place the numbers, such as run, checkpoint and data
        summaries: of all notes
        n_notes: how many were tested
        n_not_finite: and how many of them were answered with no sound at all
        notes_csv: a line per note and rendering, the note's name in the column `note`
        bounds: each figure beside a fit of the synth and two noise seeds, over the notes that were fitted
    """
    counts = {"n_notes": n_notes, "n_not_finite": n_not_finite}
    metrics = [summary._asdict() for summary in summaries]
    beside = [each.as_json for each in bounds]
    write_json(run.metrics, {"facts": facts, **counts, "metrics": metrics, "bounds": beside})
    write_text(run.notes, notes_csv)


def read_quality(run: RunFolder) -> tuple[list[Figure], tuple[str, ...]]:
    """Figures of metrics.json, and the sorted names of the notes; as many blanks where nothing says which they were.

    Raises:
        ValueError, KeyError, TypeError: what is there is no such report
    """
    report = read_json(run.metrics)
    n_notes = int(report["n_notes"])
    figures = [_figure_of_summary(entry, n_notes) for entry in report["metrics"]]
    if not run.notes.is_file():
        return figures, ("",) * n_notes
    with run.notes.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("rendering", OPEN) == OPEN]
        return figures, tuple(sorted(row["note"] for row in rows))


def read_bounds(run: RunFolder) -> list[Between]:
    """What metrics.json says of fits and two noise seeds; nothing where none were made, as before there were any.

    Raises:
        ValueError, KeyError, TypeError: what is there is no such report
    """
    return [between_from_json(entry) for entry in read_json(run.metrics).get("bounds", [])]


def write_control(
    run: RunFolder,
    facts: Mapping[str, Any],
    figures: Sequence[Figure],
    crosstalk: DriftTable,
    sweeps: Sequence[MeanSweep],
    remarks: Sequence[str],
    rows_csv: str,
) -> None:
    """Write control.json (all figures, cross-talk, mean of every sweep) and control.csv (a line per note and knob)."""
    report = {
        "facts": facts,
        "knobs": crosstalk.knobs,
        "remarks": remarks,
        "figures": [figure.as_json for figure in figures],
        "crosstalk": crosstalk._asdict(),
        "sweeps": [sweep._asdict() for sweep in sweeps],
    }
    write_json(run.control, report)
    write_text(run.control_rows, rows_csv)


def read_control(run: RunFolder) -> ControlReport | None:
    """What control.json says; None where control was not measured.

    Raises:
        ValueError, KeyError, TypeError: what is there is no such report
    """
    if not run.control.is_file():
        return None
    report = read_json(run.control)
    figures = [_figure_of_control(entry, report["figures"]) for entry in report["figures"]]
    talk = report.get("crosstalk")
    if not talk or not talk["knobs"]:
        return ControlReport((), figures, None)
    crosstalk = DriftTable(talk["knobs"], talk["columns"], np.array(talk["drift_jnd"], dtype=float))
    sweeps = [_sweep(entry) for entry in report.get("sweeps", [])]
    return ControlReport(tuple(report["knobs"]), figures, crosstalk, sweeps)


def read_note_values(run: RunFolder, names: Collection[str]) -> NoteValues:
    """What notes.csv and control.csv say of single notes, as far as they are there and it is a number.

    Args:
        run: whose files they are
        names: of the figures that are wanted

    Raises:
        ValueError, KeyError: what is there is no such file
    """
    found: NoteValues = {}
    for path in (run.notes, run.control_rows):
        if not path.is_file():
            continue
        with path.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                place = row["note"], row.get("knob") or ""
                rendering = row.get("rendering") or OPEN
                for name in row.keys() & names:
                    value = float(row[name] or "nan")
                    if math.isfinite(value):
                        found.setdefault((name, rendering), {})[place] = value
    return found


def _sweep(entry: Mapping[str, Any]) -> MeanSweep:
    positions, asked, measured = (np.array(entry[name], dtype=float) for name in ("positions", "asked", "measured"))
    return MeanSweep(entry["knob"], entry["unit"], positions, asked, measured, entry.get("rendering", OPEN))


def _figure_of_summary(entry: Mapping[str, Any], n_notes: int) -> Figure:
    n = int(entry.get("n_notes", n_notes))
    return figure_from_json({**entry, "value": entry["mean"]}, n, max(n_notes, int(entry.get("of", n_notes))))


def _figure_of_control(entry: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Figure:
    """Reports of earlier versions do not say of how many notes: every note was asked for something."""
    n = int(entry.get("n", 1))
    alike = [other for other in entries if other["name"] == "requests" and _group(other) == _group(entry)]
    asked = [int(other.get("n", n)) for other in alike]
    counted = not entry["name"].startswith("frave")
    return figure_from_json(entry, n, int(entry.get("of") or max([n, *asked] if counted else [n])))


def _group(entry: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return entry.get("family"), entry.get("register")
