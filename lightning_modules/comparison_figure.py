"""Control against quality: which models no other beats in both, and a picture of it."""

import math
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Picture
from matplotlib.text import Text

from lightning_modules.comparison import Comparison, Model
from lightning_modules.figure import Better, Figure

ON_FRONT, BEATEN = "#0072b2", "#767676"
CAPTION = "Bars: 95 % intervals over notes and seeds. Line: Pareto front."
GAPS_PX = (9.0, 22.0, 40.0, 62.0)
MARKER_PX, LINE_PX = 12.0, 4.0
PASSES = 3
CROSSING = 100.0
"""What it costs to lead a label's line across something else: as much as to cover so many square pixels."""


class TradeOff(NamedTuple):
    """Two figures of n models.

    Attributes:
        models: n
        axes: quality and control, each as one of its figures, whose name, unit and direction count here
        values: (n, 2), NaN where a model has none
        low: (n, 2) lower end of the interval, NaN where there is none
        high: (n, 2) upper end
        contends: (n,) whether a model has both, over about as many notes as any, and turns as many knobs as any
        front: indices of those of them that no other beats, from the worst quality to the best
    """

    models: list[Model]
    axes: tuple[Figure, Figure]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    contends: np.ndarray
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
    front = pareto_front(np.where(contends[:, None], values, math.nan), (quality.better, control.better))
    return TradeOff(comparison.models, (quality, control), values, low, high, contends, front)


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
    ends = np.concatenate([side[:, axis] for side in (trade.values, trade.low, trade.high)])
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


def pareto_figure(trade: TradeOff) -> Picture:
    """Every model as a point with its intervals, blue on the front; open with fewer knobs, on the floor with none."""
    picture = Picture(figsize=(8.0, 5.4), layout="constrained")
    axis = picture.subplots()
    axis.set(xlim=limits(trade, 0), ylim=limits(trade, 1), xlabel=axis_title(trade.axes[0]))
    axis.set_ylabel(axis_title(trade.axes[1]))
    axis.plot(*staircase(trade).T, color=ON_FRONT, linewidth=1.2, alpha=0.6, zorder=1)
    for index in trade.shown:
        _draw_model(axis, trade, index)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(CAPTION, fontsize=9, color="#444444", loc="left")
    _label_models(picture, axis, trade)
    return picture


def place_labels(anchors: np.ndarray, sizes: np.ndarray, taken: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Where to write n labels so that they cover neither each other nor what is drawn, each near its point.

    Args:
        anchors: (n, 2) points, in pixels
        sizes: (n, 2) width and height of the labels
        taken: (m, 4) boxes to keep clear of: left, bottom, right, top
        frame: (4,) box to stay in

    Returns:
        (n, 2) centres of the labels
    """
    boxes = np.full((len(anchors), 4), np.nan)
    for index in list(range(len(anchors))) * PASSES:
        others = np.delete(boxes, index, axis=0)
        others = np.concatenate([taken, others[np.isfinite(others[:, 0])]])
        places = _places_around(anchors[index], sizes[index])
        costs = [_cost(anchors[index], place, step, others, frame) for step, place in enumerate(places)]
        boxes[index] = places[int(np.argmin(costs))]
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _places_around(anchor: np.ndarray, size: np.ndarray) -> list[np.ndarray]:
    """Boxes of a label in eight directions from its point, the nearest and most readable first."""
    directions = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
    centres = [anchor + np.array(way) * (gap + size / 2) for gap, way in product(GAPS_PX, directions)]
    return [np.concatenate([centre - size / 2, centre + size / 2]) for centre in centres]


def _cost(anchor: np.ndarray, box: np.ndarray, step: int, others: np.ndarray, frame: np.ndarray) -> float:
    """Square pixels of others that a box covers, more for leaving the frame or crossing others, less for being far."""
    outside = np.maximum(0, [*(frame[:2] - box[:2]), *(box[2:] - frame[2:])]).sum()
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    way = anchor + np.outer((0.3, 0.5, 0.7, 0.9), np.clip(anchor, box[:2], box[2:]) - anchor)
    way = way[np.abs(way - anchor).max(axis=1) > MARKER_PX / 2]  # beyond the label's own point
    crossed = ((way[:, None] > others[:, :2]) & (way[:, None] < others[:, 2:])).all(axis=2).any(axis=0).sum()
    return float(np.maximum(shared, 0).prod(axis=1).sum() + CROSSING * crossed + 1e3 * outside + 2.0 * step)


def occupied(trade: TradeOff, to_px: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(m, 4) boxes in pixels of markers, error bars and the front's line, which labels keep clear of."""
    points, stairs = trade.points[trade.shown], staircase(trade)
    starts, ends = [stairs[:-1]], [stairs[1:]]
    for side, interval_ends in product((0, 1), (trade.low, trade.high)):
        tips = points.copy()
        tips[:, side] = np.where(np.isnan(reach := interval_ends[trade.shown, side]), tips[:, side], reach)
        starts.append(points)
        ends.append(tips)
    lines = _boxes(to_px(np.concatenate(starts)), to_px(np.concatenate(ends)), LINE_PX)
    return np.concatenate([lines, _boxes(to_px(points), to_px(points), MARKER_PX)])


def _boxes(start: np.ndarray, end: np.ndarray, width_px: float) -> np.ndarray:
    """(m, 2) ends of lines in pixels -> (m, 4) boxes around them."""
    return np.concatenate([np.minimum(start, end) - width_px / 2, np.maximum(start, end) + width_px / 2], axis=1)


def _draw_model(axis: Axes, trade: TradeOff, index: int) -> None:
    """Draw one point with its error bars, an open one where it does not contend."""
    (x, y), colour = trade.points[index], ON_FRONT if index in trade.front else BEATEN
    y_bar, x_bar = (_bar(trade, index, side) for side in (1, 0))
    axis.errorbar(x, y, y_bar, x_bar, fmt="none", ecolor=colour, elinewidth=1.2, capsize=2.5, clip_on=False)
    face = colour if trade.contends[index] else "white"
    axis.plot(x, y, "o", color=colour, markerfacecolor=face, markersize=7, clip_on=False, zorder=3)


def _bar(trade: TradeOff, index: int, side: int) -> np.ndarray | None:
    """(2, 1) lengths of an error bar below and above, None where there is no interval."""
    value, low, high = (part[index, side] for part in (trade.values, trade.low, trade.high))
    return np.array([[value - low], [high - value]]) if math.isfinite(high - low) else None


def _label_models(picture: Picture, axis: Axes, trade: TradeOff) -> None:
    """Write the models' names beside their points, with a thin line to those that are far."""
    renderer = FigureCanvasAgg(picture).get_renderer()
    picture.draw_without_rendering()  # the layout is settled only now, and labels need pixels
    line = {"arrowstyle": "-", "color": "#999999", "linewidth": 0.7, "shrinkA": 1, "shrinkB": 5}
    texts = [
        axis.annotate(
            trade.label(index), trade.points[index], (0, 0), textcoords="offset points", fontsize=9.5, ha="center",
            va="center", arrowprops=line,
        )
        for index in trade.shown
    ]  # fmt: skip
    sizes = np.array([Text.get_window_extent(text, renderer).size for text in texts]).reshape(-1, 2)
    anchors = axis.transData.transform(trade.points[trade.shown])
    centres = place_labels(anchors, sizes, occupied(trade, axis.transData.transform), np.array(axis.bbox.extents))
    for text, offset_px in zip(texts, centres - anchors, strict=True):
        text.xyann = tuple(offset_px * 72.0 / picture.dpi)
