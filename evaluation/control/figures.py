"""From what every knob of every note does to the figures of a report: means, intervals and a file."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from evaluation.bootstrap import bootstrap_interval
from evaluation.control.crosstalk import measure_drift
from evaluation.control.measures import MEASURES, Measure
from evaluation.control.ordering import ordering_tests
from evaluation.control.precision import errors_jnd, measure_precision
from evaluation.control.sliders import measure_sliders
from evaluation.control.sweeps import Column, KnobSweeps
from studies.figure import Figure

STATISTICS: dict[str, Callable[[np.ndarray], Any]] = {
    "mean": np.mean,
    "median": np.median,
    "percentile 95": partial(np.percentile, q=95),
    "sum": np.sum,
}


class ControlRow(NamedTuple):
    """One knob of one note, how it was rendered, and its value under each measure; NaN where undefined.

    values: by the measure's name; errors_jnd: (P,) of the single requests
    """

    note: str
    family: str
    register: str
    knob: str
    rendering: str
    values: dict[str, float]
    errors_jnd: np.ndarray


def control_rows(sweeps: KnobSweeps) -> list[ControlRow]:
    """KnobSweeps of N notes, K knobs -> N * K rows, the knobs of a note together and in the model's order."""
    values, errors = _values(sweeps), errors_jnd(sweeps)
    return [
        ControlRow(
            *note, knob, sweeps.rendering, {name: float(value[n, k]) for name, value in values.items()}, errors[n, k]
        )
        for n, note in enumerate(sweeps.notes)
        for k, knob in enumerate(sweeps.knobs)
    ]


def control_figures(
    rows: Sequence[ControlRow], columns: Sequence[Column], measures: Sequence[Measure] = MEASURES
) -> list[Figure]:
    """Rows -> figures for each knob and for all together, over all notes, each family and each register.

    Args:
        rows: of one rendering, every note with the same knobs in the same order, as `control_rows` gives them
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
        values = _of_notes(rows, measure, len(knobs))
        for family, register, members in groups:
            if measure.unit is not None:
                figures.append(_figure(measure, None, family, register, measure.unit, values[members]))
            for index, knob in enumerate(knobs):
                unit = measure.unit or units[knob]
                figures.append(_figure(measure, knob, family, register, unit, values[members, index : index + 1]))
    return [figure._replace(rendering=rows[0].rendering) for figure in figures]


def rows_csv(rows: Sequence[ControlRow]) -> str:
    """Rows -> comma-separated text under a header; empty where undefined."""
    names = list(rows[0].values) if rows else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*ControlRow._fields[:5], *names])
    for row in rows:
        writer.writerow([*row[:5], *("" if math.isnan(row.values[name]) else row.values[name] for name in names)])
    return text.getvalue()


def _values(sweeps: KnobSweeps) -> dict[str, np.ndarray]:
    """KnobSweeps -> (N, K) values under the name of each measure."""
    orderings = ordering_tests(sweeps)
    return {
        **{f"ordering_e{test + 1}": orderings[..., test] for test in range(3)},
        "ordering": orderings.mean(axis=-1),
        **measure_sliders(sweeps)._asdict(),
        **measure_drift(sweeps)._asdict(),
        **measure_precision(sweeps)._asdict(),
    }


def _of_notes(rows: Sequence[ControlRow], measure: Measure, n_knobs: int) -> np.ndarray:
    """(N, n_knobs, 1) values of a measure, or (N, n_knobs, P) where its statistic is over the requests themselves."""
    of_requests = measure.statistic == "percentile 95"
    return np.array([row.errors_jnd if of_requests else [row.values[measure.name]] for row in rows]).reshape(
        len(rows) // n_knobs, n_knobs, -1
    )


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
    """Values (N, knobs, M) of one measure in one group of notes -> their figure; a count has no interval."""
    finite = np.isfinite(values)
    value = float(STATISTICS[measure.statistic](values[finite])) if finite.any() else math.nan
    low, high = (math.nan, math.nan) if measure.statistic == "sum" else bootstrap_interval(values, measure.statistic)
    n, of = int(finite.any(axis=(1, 2)).sum()), len(values)
    words = (measure.name, knob, family, register, unit, measure.better, measure.definition)
    return Figure(*words, value, low, high, n, of)
