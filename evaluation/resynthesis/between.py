"""From the values of single notes to where a model stands between a fit of its synth and two noise seeds."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rich.box import SIMPLE
from rich.table import Table

from evaluation.bootstrap import bootstrap_interval, draws
from evaluation.resynthesis.pair import Metric
from evaluation.resynthesis.summary import NoteRow
from output.numbers import readable
from studies.bounds import FIT, SHARE_DEFINITION, TWO_SEEDS, Between
from studies.figure import OPEN, Figure


class FittedNote(NamedTuple):
    """Figures of one note: as the model plays it, as a fit does, and of the fit with two noise seeds."""

    model: NoteRow
    fit: NoteRow
    two_seeds: NoteRow


def between(metrics: Sequence[Metric], notes: Sequence[FittedNote]) -> list[Between]:
    """Fitted notes -> for each metric the means over those of them that have all three values, and the network's part.

    Nothing where no note was fitted.
    """
    return [_between(metric, notes) for metric in metrics] if notes else []


def _between(metric: Metric, notes: Sequence[FittedNote]) -> Between:
    values = np.array([[row.values[metric.name] for row in note] for note in notes])
    values = values[np.isfinite(values).all(axis=1)]
    counts = len(values), len(notes)
    figures = [
        _figure(metric, column, rendering) for column, rendering in zip(values.T, (OPEN, FIT, TWO_SEEDS), strict=True)
    ]
    name = f"{metric.name}_share"
    share = Figure(name, None, None, None, "share", "lower", SHARE_DEFINITION, *network_share(values))
    return Between(*(figure._replace(n=counts[0], of=counts[1]) for figure in (*figures, share)))


def _figure(metric: Metric, values: np.ndarray, rendering: str) -> Figure:
    """(n,) values -> their mean and its interval."""
    words = (metric.name, None, None, None, metric.unit, metric.better, metric.definition)
    mean = float(values.mean()) if len(values) else math.nan
    return Figure(*words, mean, *bootstrap_interval(values, "mean"), rendering=rendering)


def network_share(values: np.ndarray) -> tuple[float, float, float]:
    """(n, 3) values of model, fit and two seeds -> the network's part and the ends of its 95 % interval.

    NaN where the model is not surely worse than two seeds: of nothing there is no share.
    """
    if len(values) < 2:
        return math.nan, math.nan, math.nan
    drawn = draws(len(values)) @ values / len(values)
    lost = drawn[:, 0] - drawn[:, 2]
    low, high = np.percentile(lost, [2.5, 97.5])
    if low <= 0.0 <= high:
        return math.nan, math.nan, math.nan
    model, fit, seeds = values.mean(axis=0)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / lost, [2.5, 97.5])
    return float((model - fit) / (model - seeds)), float(low), float(high)


def bounds_table(bounds: Sequence[Between]) -> Table:
    """For the terminal: the model, its synth's fit and two seeds on the same notes, and the network's part."""
    n_notes = max(each.model.of for each in bounds)
    table = Table(title=f"Beside a fit of the synth, mean over {n_notes} notes", box=SIMPLE, padding=(0, 0))
    for header in ("metric", "unit"):
        table.add_column(header)
    for header in ("", "model", FIT, TWO_SEEDS, "network's part"):
        table.add_column(header, justify="right", no_wrap=True)
    for each in bounds:
        arrow = {"lower": "↓", "higher": "↑"}[each.model.better]
        means = (readable(figure.value) for figure in (each.model, each.fit, each.two_seeds))
        table.add_row(each.name, each.model.unit, arrow, *means, readable_share(each.share))
    return table


def readable_share(share: Figure) -> str:
    """In percent with its interval; a dash where there is none."""
    if not math.isfinite(share.value):
        return "–"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"
