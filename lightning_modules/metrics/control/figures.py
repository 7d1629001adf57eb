"""From what every knob of every note does to the figures of a report: means, intervals, a file and a table."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from rich.box import SIMPLE
from rich.table import Table

from lightning_modules.metrics.control.crosstalk import measure_crosstalk
from lightning_modules.metrics.control.ordering import ordering_tests
from lightning_modules.metrics.control.sliders import measure_sliders
from lightning_modules.metrics.control.sweeps import Column, Sweeps
from lightning_modules.metrics.pair import Better
from lightning_modules.metrics.summary import readable

N_RESAMPLES = 1000
SEED = 0
STATISTICS: dict[str, Callable[[np.ndarray], Any]] = {"mean": np.mean, "median": np.median, "sum": np.sum}


class ControlRow(NamedTuple):
    """One knob of one note and its value under each measure, by the measure's name; NaN where undefined."""

    note: str
    family: str
    register: str
    knob: str
    values: dict[str, float]


class Measure(NamedTuple):
    """What is said of a knob, and how notes are summed up.

    Attributes:
        name: as it stands in rows and figures
        unit: of the value; None for the unit of the knob, and then there is no figure for all knobs together
        better: whether a "lower" or a "higher" value is the better one
        definition: one sentence, shown to the user
        statistic: over notes and knobs
    """

    name: str
    unit: str | None
    better: Better
    definition: str
    statistic: Literal["mean", "median", "sum"] = "mean"


class Figure(NamedTuple):
    """One number of a report, with its 95 % bootstrap interval over notes; NaN where undefined.

    A knob, family or register of None means all of them together; n notes contribute.
    """

    name: str
    knob: str | None
    family: str | None
    register: str | None
    unit: str
    better: Better
    definition: str
    value: float
    low: float
    high: float
    n: int


MEASURES: tuple[Measure, ...] = (
    Measure("ordering_e1", "share", "higher", "Share of notes with more of the quality at position 0.8 than at 0.2."),
    Measure("ordering_e2", "share", "higher", "Share of notes with more of the quality at position 0.8 than at 0.5."),
    Measure("ordering_e3", "share", "higher", "Share of notes with more of the quality at position 0.5 than at 0.2."),
    Measure("ordering", "share", "higher", "Mean of the three ordering tests; chance is 0.5."),
    Measure("monotonicity", "share", "higher", "Share of steps from one position to the next that raise the quality."),
    Measure("slope", "ratio", "higher", "Rise of the measured position over that of the asked one; 1 is perfect."),
    Measure("r_squared", "share", "higher", "How much of the measured position a straight line of the asked explains."),
    Measure("error", None, "lower", "Mean distance of measured from asked, over the requests that a note can meet."),
    Measure("error_jnd", "JND", "lower", "Mean distance of measured from asked in just noticeable differences."),
    Measure("error_all", None, "lower", "Mean distance of measured from asked, unreachable requests included."),
    Measure("reach_low", None, "lower", "Lowest value measured while the knob goes from end to end."),
    Measure("reach_high", None, "higher", "Highest value measured while the knob goes from end to end."),
    Measure("requests", "requests", "higher", "Positions asked, over all notes.", "sum"),
    Measure("unreachable", "requests", "lower", "Requests that no setting of the synth could meet.", "sum"),
    Measure("unmeasured", "requests", "lower", "Reachable requests answered by a sound without the quality.", "sum"),
    Measure("off_target_drift_jnd", "JND", "lower", "How far the qualities nobody turned move, in JNDs.", "median"),
    Measure("f0_drift_cents", "cents", "lower", "How far pitch moves when a knob is turned.", "median"),
)

TABLE_COLUMNS = {
    "ordering": "ordering",
    "monotonic": "monotonicity",
    "slope": "slope",
    "R2": "r_squared",
    "error": "error",
    "error JND": "error_jnd",
    "drift JND": "off_target_drift_jnd",
}
"""Header -> name of the figure."""


def control_rows(sweeps: Sweeps) -> list[ControlRow]:
    """Sweeps of N notes, K knobs -> N * K rows, the knobs of a note together and in the model's order."""
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


def bootstrap_interval(values_by_note: np.ndarray, statistic: Literal["mean", "median"]) -> tuple[float, float]:
    """Values (N,) or (N, ...) -> ends of the 95 % percentile interval of their mean or median over everything.

    Notes are drawn with replacement, all values of a note together (Efron, 1979). NaN are ignored; the ends are NaN
    with fewer than two notes. The draws are the same at every call.
    """
    values = values_by_note.reshape(len(values_by_note), -1)
    values = values[np.isfinite(values).any(axis=1)]
    if len(values) < 2:
        return math.nan, math.nan
    resample = _resampled_means if statistic == "mean" else _resampled_medians
    low, high = np.percentile(resample(values, _draws(len(values))), [2.5, 97.5])
    return float(low), float(high)


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
    table = Table("knob", title="Control, over all notes", box=SIMPLE, padding=(0, 0))
    for header in (*TABLE_COLUMNS, "unreachable"):
        table.add_column(header, justify="right")
    overall = [figure for figure in figures if figure.family is None and figure.register is None]
    knobs = dict.fromkeys(figure.knob for figure in overall if figure.knob is not None)
    for knob in (*knobs, None):
        table.add_row(knob or "all", *_cells({figure.name: figure for figure in overall if figure.knob == knob}))
    return table


def _cells(figures: dict[str, Figure]) -> list[str]:
    """Figures of one knob by name -> the cells of its line; a dash where there is none."""
    values = {name: readable(figures[name].value) if name in figures else "–" for name in TABLE_COLUMNS.values()}
    if "error" in figures:
        values["error"] += f" {figures['error'].unit}"
    return [*values.values(), f"{figures['unreachable'].value:.0f} of {figures['requests'].value:.0f}"]


def _values(sweeps: Sweeps) -> dict[str, np.ndarray]:
    """Sweeps -> (N, K) values under the name of each measure."""
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
    n = int(finite.any(axis=1).sum())
    return Figure(measure.name, knob, family, register, unit, measure.better, measure.definition, value, low, high, n)


@cache
def _draws(n_notes: int) -> np.ndarray:
    """(N_RESAMPLES, n_notes) how often each note is drawn."""
    drawn = np.random.default_rng(SEED).integers(n_notes, size=(N_RESAMPLES, n_notes))
    return np.stack([np.bincount(draw, minlength=n_notes) for draw in drawn])


def _resampled_means(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Values (N, M) and draws (R, N) -> (R,) means of what was drawn."""
    finite = np.isfinite(values)
    return (draws @ np.where(finite, values, 0).sum(axis=1)) / (draws @ finite.sum(axis=1))


def _resampled_medians(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Values (N, M) and draws (R, N) -> (R,) medians of what was drawn, from one sort instead of R."""
    note, _ = np.nonzero(np.isfinite(values))
    flat = values[np.isfinite(values)]
    order = flat.argsort()
    drawn_up_to = draws[:, note[order]].cumsum(axis=1)
    twice, total = 2 * drawn_up_to, drawn_up_to[:, -1:]
    # Of an even number of values the two in the middle, of an odd number the same one twice.
    return (flat[order][(twice >= total).argmax(axis=1)] + flat[order][(twice > total).argmax(axis=1)]) / 2
