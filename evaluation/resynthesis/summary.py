"""From values per note to the numbers of a report: means, intervals, and the files that hold them."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from rich.box import SIMPLE
from rich.table import Table
from torch import Tensor

from evaluation.bootstrap import bootstrap_interval
from evaluation.resynthesis.pair import Metric, Pair
from output.numbers import readable
from studies.bounds import Between
from studies.figure import OPEN, MetricSummary
from studies.run_folder import RunFolder
from studies.run_reports import write_quality


class NoteRow(NamedTuple):
    """One note and its value under each metric, by the metric's name; NaN where undefined.

    A resynthesis that is not finite has no value at all. `rendering` is how it was made.
    """

    note: str
    values: dict[str, float]
    is_finite: bool = True
    rendering: str = OPEN


def measure_notes(metrics: Sequence[Metric], pair: Pair, notes: Sequence[str], rendering: str = OPEN) -> list[NoteRow]:
    """Pair of B notes and their names -> one row per note."""
    columns, is_finite = measured(metrics, pair), pair.output.isfinite().all(-1).tolist()
    return [
        NoteRow(note, {name: float(column[index]) for name, column in columns.items()}, is_finite[index], rendering)
        for index, note in enumerate(notes)
    ]


def measured(metrics: Sequence[Metric], pair: Pair) -> dict[str, Tensor]:
    """Pair of B notes -> (B,) values by the metric's name; NaN, by every metric, of an output that is not finite."""
    is_finite = pair.output.isfinite().all(-1)
    # No metric ever sees them: a transform spreads a NaN, and a comparison with it hides it.
    finite = pair._replace(output=torch.where(is_finite[:, None], pair.output, 0.0))
    return {metric.name: metric(finite).masked_fill(~is_finite, torch.nan) for metric in metrics}


def summarize(metrics: Sequence[Metric], rows: Sequence[NoteRow]) -> list[MetricSummary]:
    """Rows of all notes -> one summary per rendering and metric, over the notes where that metric is defined."""
    summaries = []
    for rendering in dict.fromkeys(row.rendering for row in rows):
        own = [row for row in rows if row.rendering == rendering]
        measured_ones = [metric for metric in metrics if metric.name in own[0].values]
        summaries += [
            _summary(metric, np.array([row.values[metric.name] for row in own]), rendering) for metric in measured_ones
        ]
    return summaries


def write_report(
    run: RunFolder,
    metrics: Sequence[Metric],
    rows: Sequence[NoteRow],
    facts: Mapping[str, str | int | float],
    bounds: Sequence[Between] = (),
    fits: Sequence[NoteRow] = (),
) -> list[MetricSummary]:
    """Write metrics.json (what was measured, definitions, summaries) and notes.csv (a line per note).

    Each file appears whole or not at all. What is undefined is null in the one and empty in the other.

    Args:
        run: whose folder they go to, created if missing
        metrics: in the order of the report
        rows: one per note
        facts: what a reader needs to place the numbers, such as run, checkpoint and data
        bounds: what a fit of the synth and two noise seeds say, for metrics.json
        fits: rows of these, for notes.csv
    """
    summaries = summarize(metrics, rows)
    opened = [row for row in rows if row.rendering == OPEN]
    n_not_finite = sum(not row.is_finite for row in opened)
    write_quality(run, facts, summaries, len(opened), n_not_finite, _csv(metrics, [*rows, *fits]), bounds)
    return summaries


def summary_table(summaries: Sequence[MetricSummary]) -> Table:
    """Summaries -> a table for the terminal: the open sound's, and the means of the other renderings beside it."""
    others = dict.fromkeys(summary.rendering for summary in summaries if summary.rendering != OPEN)
    means = {(summary.name, summary.rendering): summary.mean for summary in summaries}
    table = Table(title="Resynthesis, mean over notes", box=SIMPLE, padding=(0, 0))
    for header in ("metric", "unit"):
        table.add_column(header)
    for header in ("", OPEN if others else "mean", "95 % interval", *others, "notes"):
        table.add_column(header, justify="right", no_wrap=True)
    for summary in (each for each in summaries if each.rendering == OPEN):
        n_notes = str(summary.n_notes) if summary.n_notes == summary.of else f"{summary.n_notes} of {summary.of}"
        beside = [readable(means.get((summary.name, other), math.nan)) for other in others]
        arrow = {"lower": "↓", "higher": "↑"}[summary.better]
        numbers = (readable(summary.mean), readable_interval(summary), *beside, n_notes)
        table.add_row(summary.name, summary.unit, arrow, *numbers)
    return table


def not_finite_sentence(rows: Sequence[NoteRow]) -> str:
    """How many notes a model answered with what is not sound; empty where it never did."""
    n_not_finite = sum(not row.is_finite for row in rows)
    if not n_not_finite:
        return ""
    return f"{n_not_finite} of {len(rows)} notes were not finite (NaN or infinity in the sound): no figure counts them."


def readable_interval(summary: MetricSummary) -> str:
    """The 95 % interval of a summary in words, or a dash where there is none."""
    return f"{readable(summary.low)} to {readable(summary.high)}" if math.isfinite(summary.low) else "–"


def _summary(metric: Metric, values: np.ndarray, rendering: str) -> MetricSummary:
    """Values (n_notes,) of one metric and rendering -> its summary."""
    n_notes, values = values.size, values[np.isfinite(values)]
    mean, median = (values.mean(), np.median(values)) if values.size else (np.nan, np.nan)
    words = (metric.name, metric.unit, metric.better, metric.definition)
    return MetricSummary(
        *words, float(mean), float(median), *bootstrap_interval(values, "mean"), values.size, n_notes, rendering
    )


def _csv(metrics: Sequence[Metric], rows: Sequence[NoteRow]) -> str:
    """Rows -> comma-separated text under a header of metric names."""
    names = [metric.name for metric in metrics]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["note", "rendering", *names])
    for row in rows:
        values = (row.values.get(name, math.nan) for name in names)
        writer.writerow([row.note, row.rendering, *("" if math.isnan(value) else value for value in values)])
    return text.getvalue()
