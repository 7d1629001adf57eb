"""Control against quality: which models no other beats in both, and the axes and the line that show it."""

import math
from typing import NamedTuple

import numpy as np

from studies.comparison.comparison import Comparison, Model
from studies.figure import Better, Figure

ON_FRONT, BEATEN = "#0072b2", "#767676"
CAPTION = "Bars: 95 % intervals over notes and seeds. Dots: seeds. Blue line: Pareto front."


class TradeOff(NamedTuple):
    """Two figures of n models.

    Attributes:
        models: n
        axes: quality and control, each as one of its figures, whose name, unit and direction count here
        values: (n, 2), NaN where a model has none
        low: (n, 2) lower end of the interval, NaN where there is none
        high: (n, 2) upper end
        contends: (n,) whether a model has both, over about as many notes as any, and turns as many knobs as any
        seeds: n of (S, 2), the runs of each model that has several, as far as they have both figures
        front: indices of those of them that no other beats, from the worst quality to the best
    """

    models: list[Model]
    axes: tuple[Figure, Figure]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    contends: np.ndarray
    seeds: list[np.ndarray]
    front: list[int]

    @property
    def points(self) -> np.ndarray:
        """(n, 2) where each is drawn: what has no control lies on the floor."""
        return np.column_stack([self.values[:, 0], np.nan_to_num(self.values[:, 1], nan=limits(self, 1)[0])])

    @property
    def shown(self) -> list[int]:
        """Indices of the models that have a quality to show."""
        return [int(index) for index in np.flatnonzero(np.isfinite(self.values[:, 0]))]

    def label(self, index: int) -> str:
        """A model's name, and why it does not contend if it does not."""
        model = self.models[index]
        if self.contends[index]:
            return model.name
        if model.control is None:
            return f"{model.name} (control not measured)"
        if not model.knobs:
            return f"{model.name} (no knobs)"
        if math.isnan(self.values[index, 1]):
            return f"{model.name} (no {self.axes[1].name})"
        for axis in self.axes:
            figure = model.overall(axis.name)
            if figure and figure.n < figure.of:
                return f"{model.name} ({axis.name} of {figure.n} of {figure.of} notes)"
        return f"{model.name} ({len(model.knobs)} of {max(len(other.knobs) for other in self.models)} knobs)"


def trade_off(comparison: Comparison, quality: Figure, control: Figure) -> TradeOff:
    """Two figures of all models, and the front of those that have both."""
    pairs = [[model.overall(axis.name) for axis in (quality, control)] for model in comparison.models]
    values, low, high = (
        np.array([[getattr(figure, field) if figure else math.nan for figure in pair] for pair in pairs])
        for field in ("value", "low", "high")
    )
    turns_all = np.array([len(model.knobs) == comparison.n_knobs for model in comparison.models])
    enough = np.array(
        [all(comparison.is_over_enough(model, axis.name) for axis in (quality, control)) for model in comparison.models]
    )
    contends = np.isfinite(values).all(axis=1) & turns_all & enough
    seeds = [_of_seeds(model, (quality, control)) for model in comparison.models]
    front = pareto_front(np.where(contends[:, None], values, math.nan), (quality.better, control.better))
    return TradeOff(comparison.models, (quality, control), values, low, high, contends, seeds, front)


def _of_seeds(model: Model, axes: tuple[Figure, Figure]) -> np.ndarray:
    """(S, 2) values of single runs; none of a model that has one only."""
    pairs = []
    for run in model.runs if len(model.runs) > 1 else ():
        values = {figure.subject: figure.value for figure in run.figures}
        pairs.append([values.get(axis.subject, math.nan) for axis in axes])
    found = np.array(pairs, dtype=float).reshape(-1, 2)
    return found[np.isfinite(found).all(axis=1)]


def pareto_front(points: np.ndarray, better: tuple[Better, Better]) -> list[int]:
    """(n, 2) points -> indices of those that no other beats, from worst to best in the first coordinate.

    A point beats another if it is better in one coordinate and no worse in the other. Points with a NaN are left out.
    """
    gain = points * [1.0 if direction == "higher" else -1.0 for direction in better]
    no_worse = (gain[:, None] >= gain[None, :]).all(-1)
    beats = no_worse & (gain[:, None] > gain[None, :]).any(-1)
    front = np.flatnonzero(np.isfinite(gain).all(-1) & ~beats.any(0))
    return [int(index) for index in front[np.argsort(gain[front, 0], kind="stable")]]


def limits(trade: TradeOff, axis: int) -> tuple[float, float]:
    """Ends of an axis, the worse first: better is always to the right and up, whatever the figure."""
    ends = np.concatenate([side[:, axis] for side in (trade.values, trade.low, trade.high, *trade.seeds)])
    ends = ends[np.isfinite(ends)]
    low, high = (float(ends.min()), float(ends.max())) if ends.size else (0.0, 1.0)
    margin = 0.1 * (high - low or abs(high) or 1.0)
    low, high = low - margin, high + margin
    return (low, high) if trade.axes[axis].better == "higher" else (high, low)


def staircase(trade: TradeOff) -> np.ndarray:
    """(n, 2) corners of the line under which every point is beaten by a model of the front, from edge to edge."""
    (left, _), (bottom, _) = limits(trade, 0), limits(trade, 1)
    points = trade.values[trade.front]
    if not len(points):
        return np.empty((0, 2))
    across, upwards = points.repeat(2, axis=0).T
    return np.column_stack([[left, *across], [*upwards, bottom]])


def axis_title(figure: Figure) -> str:
    """Name, unit and direction of an axis; its arrow points right, or up where the title is turned."""
    unit = "" if figure.unit in ("", "1") else f" ({figure.unit})"
    return f"{figure.name.replace('_', ' ')}{unit}, {figure.better} is better →"
