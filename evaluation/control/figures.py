"""From what every knob of every note does to the figures of a report: means, intervals, a file and a table."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.box import SIMPLE
from rich.table import Table

from evaluation.bootstrap import bootstrap_interval
from evaluation.control.crosstalk import measure_crosstalk
from evaluation.control.measures import MEASURES, Measure
from evaluation.control.ordering import ordering_tests
from evaluation.control.sliders import measure_sliders
from evaluation.control.sweeps import Column, KnobSweeps
from output.numbers import readable
from studies.figure import Figure

STATISTICS: dict[str, Callable[[np.ndarray], Any]] = {"mean": np.mean, "median": np.median, "sum": np.sum}


class ControlRow(NamedTuple):
    """One knob of one note and its value under each measure, by the measure's name; NaN where undefined."""

    note: str
    family: str
    register: str
    knob: str
    values: dict[str, float]


TABLE_COLUMNS = {
    "order": "ordering",
    "rises": "monotonicity",
    "slope": "slope",
    "error": "error",
    "in JND": "error_jnd",
    "drift": "off_target_drift_jnd",
}
"""Header -> name of the figure."""


def control_rows(sweeps: KnobSweeps) -> list[ControlRow]:
    """KnobSweeps of N notes, K knobs -> N * K rows, the knobs of a note together and in the model's order."""
    values = _values(sweeps)
    return [
        ControlRow(*note, knob, {name: float(value[n, k]) for name, value in values.items()})
        for n, note in enumerate(sweeps.notes)
        for k, knob in enumerate(sweeps.knobs)
    ]


def control_figures(
    rows: Sequence[ControlRow], columns: Sequence[Column], measures: Sequence[Measure] = MEASURES
) -> list[Figure]:
    """Rows -> figures for each knob and for all together, over all notes, each family and each register.

    Args:
        rows: every note with the same knobs in the same order, as `control_rows` gives them
        columns: the knobs' own among them, for their units
        measures: those of which the rows have values

    Raises:
        ValueError: if there are no rows, or a note has not the knobs of the others
    """
    knobs = _knobs(rows)
    units = {column.name: column.unit for column in columns}
    groups = _groups(rows[:: len(knobs)])
    figures = []
    for measure in measures:
        values = np.array([row.values[measure.name] for row in rows]).reshape(-1, len(knobs))
        for family, register, members in groups:
            if measure.unit is not None:
                figures.append(_figure(measure, None, family, register, measure.unit, values[members]))
            for index, knob in enumerate(knobs):
                unit = measure.unit or units[knob]
                figures.append(_figure(measure, knob, family, register, unit, values[members, index : index + 1]))
    return figures


def rows_csv(rows: Sequence[ControlRow]) -> str:
    """Rows -> comma-separated text under a header; empty where undefined."""
    names = list(rows[0].values) if rows else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["note", "family", "register", "knob", *names])
    for row in rows:
        writer.writerow([*row[:4], *("" if math.isnan(row.values[name]) else row.values[name] for name in names)])
    return text.getvalue()


def figures_table(figures: Sequence[Figure]) -> Table:
    """Figures of all notes -> a table for the terminal: a line per knob, then one for all together."""
    table = Table(title="Control, over all notes; drift of the others in JND", box=SIMPLE, padding=(0, 0))
    table.add_column("knob", no_wrap=True)
    for header in (*TABLE_COLUMNS, "unreachable"):
        table.add_column(header, justify="right", no_wrap=True)
    overall = [figure for figure in figures if figure.family is None and figure.register is None]
    # The residual is probed for other descriptors too: a knob is what was asked.
    knobs = dict.fromkeys(figure.knob for figure in overall if figure.name == "requests" and figure.knob is not None)
    for knob in (*knobs, None):
        table.add_row(knob or "all", *_cells({figure.name: figure for figure in overall if figure.knob == knob}))
    return table


def _cells(figures: dict[str, Figure]) -> list[str]:
    """Figures of one knob by name -> the cells of its line; a dash where there is none."""
    values = {name: readable(figures[name].value) if name in figures else "–" for name in TABLE_COLUMNS.values()}
    if "error" in figures:
        values["error"] += f" {figures['error'].unit}"
    unreachable, requests = figures["unreachable"].value, figures["requests"].value
    return [*values.values(), "not known" if math.isnan(unreachable) else f"{unreachable:.0f} of {requests:.0f}"]


def _values(sweeps: KnobSweeps) -> dict[str, np.ndarray]:
    """KnobSweeps -> (N, K) values under the name of each measure."""
    orderings = ordering_tests(sweeps)
    crosstalk = measure_crosstalk(sweeps)
    return {
        **{f"ordering_e{test + 1}": orderings[..., test] for test in range(3)},
        "ordering": orderings.mean(axis=-1),
        **measure_sliders(sweeps)._asdict(),
        "off_target_drift_jnd": crosstalk.off_target_drift_jnd,
        "f0_drift_cents": crosstalk.f0_drift_cents,
    }


def _knobs(rows: Sequence[ControlRow]) -> list[str]:
    """Names of the knobs that every note has."""
    knobs = list(dict.fromkeys(row.knob for row in rows))
    if not rows or [row.knob for row in rows] != knobs * (len(rows) // len(knobs)):
        raise ValueError("rows must hold at least one note, and the same knobs in the same order for each")
    return knobs


def _groups(notes: Sequence[ControlRow]) -> list[tuple[str | None, str | None, np.ndarray]]:
    """A row per note -> family, register and (N,) membership: everybody, then each family, then each register."""
    family, register = (np.array([getattr(note, field) for note in notes]) for field in ("family", "register"))
    return [
        (None, None, np.full(len(notes), True)),
        *((name, None, family == name) for name in dict.fromkeys(family.tolist())),
        *((None, name, register == name) for name in dict.fromkeys(register.tolist())),
    ]


def _figure(
    measure: Measure, knob: str | None, family: str | None, register: str | None, unit: str, values: np.ndarray
) -> Figure:
    """Values (N, knobs) of one measure in one group of notes -> their figure; a count has no interval."""
    finite = np.isfinite(values)
    value = float(STATISTICS[measure.statistic](values[finite])) if finite.any() else math.nan
    low, high = (math.nan, math.nan) if measure.statistic == "sum" else bootstrap_interval(values, measure.statistic)
    n, of = int(finite.any(axis=1).sum()), len(values)
    words = (measure.name, knob, family, register, unit, measure.better, measure.definition)
    return Figure(*words, value, low, high, n, of)
