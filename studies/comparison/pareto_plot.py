"""Control against quality for the page: the picture of `pareto_figure`, to be pointed at."""

import html
from typing import Any

import numpy as np

from studies.comparison.comparison import Model
from studies.comparison.labels import occupied, place_labels
from studies.comparison.plot_look import AXIS, HOVER, WIDTH_PX, layout_of, numbers_of
from studies.comparison.trade_off import BEATEN, ON_FRONT, TradeOff, axis_title, limits, staircase

HEIGHT_PX = 560
MARGIN_PX = {"l": 70, "r": 20, "t": 15, "b": 55}
CHARACTER_PX, LINE_HEIGHT_PX = 7.0, 16.0


def hover_text(model: Model, said: str = "") -> str:
    """Remarks on a model, then all its overall figures, one per line."""
    defined = [figure for name in {figure.name: None for figure in model.figures} if (figure := model.overall(name))]
    lines = [f"{figure.name} {figure.text} {'' if figure.unit == '1' else figure.unit}" for figure in defined]
    seeds = f"{model.n_seeds} seed{'s' if model.n_seeds > 1 else ''}"
    lines = [part for part in said.split(" · ") if part] + lines
    return "<br>".join([f"<b>{html.escape(model.name)}</b>, {seeds}", *map(html.escape, lines)])


def pareto_plot(trade: TradeOff) -> dict[str, Any]:
    """The picture of `pareto_figure` for plotly: points in the order of the models, the front, dots of seeds."""
    colours = [ON_FRONT if index in trade.front else BEATEN for index in range(len(trade.models))]
    shapes = ["circle" if contends else "circle-open" for contends in trade.contends]
    points = {
        "type": "scatter",
        "mode": "markers",
        "marker": {"size": 11, "color": colours, "symbol": shapes, "line": {"width": 2, "color": colours}},
        "hoverinfo": "text",
        "cliponaxis": False,
        **_coordinates(trade.points),
        "error_x": _bars(trade, 0),
        "error_y": _bars(trade, 1),
    }
    front = {
        "type": "scatter",
        "mode": "lines",
        "line": {"color": ON_FRONT, "width": 1.5},
        "opacity": 0.6,
        "hoverinfo": "skip",
        **_coordinates(staircase(trade)),
    }
    axes = {f"{letter}axis": _axis(trade, side) for side, letter in enumerate("xy")}
    layout = {**layout_of(WIDTH_PX, HEIGHT_PX, MARGIN_PX), **axes, "annotations": _labels(trade)}
    return {"data": [points, front, _seed_dots(trade)], "layout": layout | {"hoverlabel": HOVER}}


def _seed_dots(trade: TradeOff) -> dict[str, Any]:
    """A small dot per run of the models that have several, tied to its model by a thin line."""
    gap = np.full(2, np.nan)
    ties = [
        end
        for point, seeds in zip(trade.points, trade.seeds, strict=True)
        for seed in seeds
        for end in (point, seed, gap)
    ]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "marker": {"size": 5, "color": BEATEN},
        "line": {"width": 0.8, "color": BEATEN},
        "opacity": 0.6,
        "hoverinfo": "skip",
        "cliponaxis": False,
        **_coordinates(np.array(ties).reshape(-1, 2)),
    }


def _axis(trade: TradeOff, side: int) -> dict[str, Any]:
    return {"title": {"text": axis_title(trade.axes[side])}, "range": numbers_of(np.array(limits(trade, side))), **AXIS}


def _bars(trade: TradeOff, side: int) -> dict[str, Any]:
    """Error bars of all points, of no length where there is no interval."""
    value, low, high = (part[:, side] for part in (trade.values, trade.low, trade.high))
    lengths = {"array": numbers_of(high - value), "arrayminus": numbers_of(value - low)}
    return {"type": "data", "symmetric": False, "thickness": 1.3, "width": 4, "color": BEATEN, **lengths}


def _labels(trade: TradeOff) -> list[dict[str, Any]]:
    """Names of the models as annotations, beside their points, with a thin line."""
    anchors = _to_px(trade, trade.points[trade.shown])
    names = [trade.label(index) for index in trade.shown]
    sizes = np.array([(CHARACTER_PX * len(name), LINE_HEIGHT_PX) for name in names]).reshape(-1, 2)
    frame = np.array([0.0, 0.0, *_plot_size()])
    offsets = place_labels(anchors, sizes, occupied(trade, lambda points: _to_px(trade, points)), frame) - anchors
    line = {"showarrow": True, "arrowhead": 0, "arrowwidth": 0.8, "arrowcolor": "#999999", "standoff": 6}
    return [
        {"text": html.escape(name), "ax": round(across), "ay": -round(upwards), **_place(point), **line}
        for name, (across, upwards), point in zip(names, offsets, trade.points[trade.shown], strict=True)
    ]


def _to_px(trade: TradeOff, points: np.ndarray) -> np.ndarray:
    """(n, 2) in the figures' units -> pixels from the lower left corner of the plot."""
    start, end = np.array([limits(trade, side) for side in (0, 1)]).T
    return (points - start) / (end - start) * _plot_size()


def _plot_size() -> tuple[int, int]:
    return WIDTH_PX - MARGIN_PX["l"] - MARGIN_PX["r"], HEIGHT_PX - MARGIN_PX["t"] - MARGIN_PX["b"]


def _place(point: np.ndarray) -> dict[str, float]:
    return dict(zip("xy", numbers_of(point), strict=True))


def _coordinates(points: np.ndarray) -> dict[str, list[Any]]:
    return {"x": numbers_of(points[:, 0]), "y": numbers_of(points[:, 1])}
