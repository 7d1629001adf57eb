"""Models against each other on the same notes: what differs beyond how easy or hard the notes are.

A note is hard for every model, and so the means of two models scatter together with the notes that were chosen. The
difference on each note does not: it tells models apart whose intervals overlap. The test is Wilcoxon's signed-rank
test, two-sided, and over all pairs of models of one figure its p is corrected by Holm's rule (1979).
"""

import csv
import io
import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from studies.comparison.comparison import Comparison, Model
from studies.figure import Figure

COUNTS = ("requests", "unreachable", "unmeasured", "error_jnd_p95", "cost")
"""Figures that are no mean of what single notes say, or not of the sound."""
SIGNIFICANT = 0.05
FEWEST_NOTES = 6
"""With fewer no difference could be significant."""


class Difference(NamedTuple):
    """One model's figure minus another's, on the n notes that both have; knobs that only one turns are left out.

    low, high: 95 % interval of the mean by Student's t; p: of Wilcoxon's test, p_holm: corrected for all pairs of
    models, both NaN where there are too few notes.
    """

    figure: Figure
    first: str
    second: str
    n: int
    first_mean: float
    second_mean: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float = math.nan

    @property
    def better(self) -> str | None:
        """Name of the model that is significantly better; None where neither is."""
        if not self.p_holm < SIGNIFICANT or self.difference == 0:
            return None
        return self.first if (self.difference > 0) == (self.figure.better == "higher") else self.second

    def against(self, name: str) -> "Difference":
        """The same as that of the other model from `name`."""
        if self.second == name:
            return self
        return self._replace(
            first=self.second,
            second=self.first,
            first_mean=self.second_mean,
            second_mean=self.first_mean,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
        )


def paired_differences(comparison: Comparison) -> list[Difference]:
    """Every pair of models in every figure that single notes have, by figure."""
    found: list[Difference] = []
    for figure in _figures_of_notes(comparison):
        pairs = [_difference(figure, *pair) for pair in combinations(comparison.models, 2)]
        shared = [pair for pair in pairs if pair is not None]
        corrected = holm(np.array([pair.p for pair in shared]))
        found += [pair._replace(p_holm=float(p)) for pair, p in zip(shared, corrected, strict=True)]
    return found


def holm(p: np.ndarray) -> np.ndarray:
    """(m,) p of tests made together -> those that hold for all of them at once; NaN stays and does not count."""
    corrected = np.full(len(p), math.nan)
    order = np.argsort(p)[: np.isfinite(p).sum()]
    stepped = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def _figures_of_notes(comparison: Comparison) -> list[Figure]:
    opened = comparison.figures().values()
    every = [each for figure in opened for each in (figure, *comparison.beside(figure.name))]
    return [
        figure
        for figure in every
        if figure.name not in COUNTS
        and sum((figure.name, figure.rendering) in model.values for model in comparison.models) > 1
    ]


def _difference(figure: Figure, first: Model, second: Model) -> Difference | None:
    """None where no note has both."""
    one, two = (model.values.get((figure.name, figure.rendering), {}) for model in (first, second))
    notes: dict[str, list[tuple[float, float]]] = {}
    for note, knob in one.keys() & two.keys():
        notes.setdefault(note, []).append((one[note, knob], two[note, knob]))
    if not notes:
        return None
    values = np.array([np.mean(notes[note], axis=0) for note in sorted(notes)])
    apart = values[:, 0] - values[:, 1]
    low, high = _interval(apart)
    mean, other_mean = (float(column.mean()) for column in values.T)
    numbers = mean, other_mean, float(apart.mean()), low, high, _p(apart)
    return Difference(figure, first.name, second.name, len(apart), *numbers)


def _interval(apart: np.ndarray) -> tuple[float, float]:
    from scipy.special import stdtrit  # it takes a quarter of a second, and only a comparison needs it

    if len(apart) < 2:
        return math.nan, math.nan
    reach = float(stdtrit(len(apart) - 1, 0.975) * apart.std(ddof=1) / math.sqrt(len(apart)))
    return float(apart.mean()) - reach, float(apart.mean()) + reach


def _p(apart: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    if len(apart) < FEWEST_NOTES:
        return math.nan
    return float(wilcoxon(apart).pvalue) if apart.any() else 1.0


def paired_sentence(comparison: Comparison, differences: Sequence[Difference], figure: Figure) -> str:
    """Which models the best of a figure cannot be told from; empty where single notes have no such figure."""
    ranked = comparison.contenders(figure)
    means = {model.name: found.value for model in ranked if (found := model.overall(figure.name))}
    pairs = [
        pair
        for pair in differences
        if pair.figure.subject == figure.subject and pair.first in means and pair.second in means
    ]
    named = [name for name in means if any(name in (pair.first, pair.second) for pair in pairs)]
    if not named:
        return ""
    best = (max if figure.better == "higher" else min)(named, key=means.__getitem__)
    others = [pair.against(best) for pair in pairs if best in (pair.first, pair.second)]
    beaten = [pair for pair in others if pair.better == best]
    alike = [pair.first for pair in others if pair.better is None]
    n = sorted({pair.n for pair in others})
    notes = f"{n[0]} notes" if len(n) == 1 else f"{n[0]} to {n[-1]} notes"
    told = f"{best} is better than {len(beaten)} of {len(others)} others"
    rest = f"; not told apart: {', '.join(alike)}" if alike else ""
    return f"{figure.name} on the same {notes}: {told}{rest} (Wilcoxon, Holm, p < {SIGNIFICANT})."


def paired_csv(differences: Sequence[Difference]) -> str:
    """A line per figure and pair of models; empty where undefined."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    numbers = ("n", "first_mean", "second_mean", "difference", "low", "high", "p", "p_holm")
    writer.writerow(["figure", "rendering", "unit", "better", "first", "second", *numbers, "significantly_better"])
    for pair in differences:
        figure = pair.figure
        values = [getattr(pair, name) for name in numbers]
        written = ["" if math.isnan(value) else f"{value:.6g}" for value in values]
        words = (figure.name, figure.rendering, figure.unit, figure.better, pair.first, pair.second)
        writer.writerow([*words, *written, pair.better or ""])
    return text.getvalue()
