"""A picture of control against quality, with the Pareto front."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Picture
from matplotlib.text import Text

from studies.comparison.labels import occupied, place_labels
from studies.comparison.trade_off import BEATEN, CAPTION, ON_FRONT, TradeOff, axis_title, limits, staircase


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


def _draw_model(axis: Axes, trade: TradeOff, index: int) -> None:
    """Draw one point with its error bars, an open one where it does not contend."""
    (x, y), colour = trade.points[index], ON_FRONT if index in trade.front else BEATEN
    y_bar, x_bar = (_bar(trade, index, side) for side in (1, 0))
    axis.errorbar(x, y, y_bar, x_bar, fmt="none", ecolor=colour, elinewidth=1.2, capsize=2.5, clip_on=False)
    for seed in trade.seeds[index]:
        axis.plot(*np.transpose([(x, y), seed]), "o-", color=BEATEN, markersize=3, linewidth=0.6, alpha=0.6, zorder=2)
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
