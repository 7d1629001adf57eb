"""One HTML file to explore a comparison: any two figures against each other, cross-talk, the table; works offline."""

import html
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from plotly.offline import get_plotlyjs

from output.whole_files import write_text
from studies.comparison.comparison import Comparison, Model
from studies.comparison.labels import occupied, place_labels
from studies.comparison.parallel_plot import parallel_plot
from studies.comparison.settings import NONE_SUCH, Setting
from studies.comparison.sounds import embedded, listening
from studies.comparison.trade_off import (
    BEATEN,
    CAPTION,
    ON_FRONT,
    TradeOff,
    axis_title,
    limits,
    staircase,
    trade_off,
)
from studies.figure import Figure
from studies.run_reports import DriftTable

WIDTH_PX, HEIGHT_PX = 1000, 560
MARGIN_PX = {"l": 70, "r": 20, "t": 15, "b": 55}
CHARACTER_PX, LINE_HEIGHT_PX = 7.0, 16.0
DARKEST_JND = 3.0
"""Three times what is just heard is drawn in full colour."""
NO_JND = "#f2f2f2"
HOVER = {"font": {"size": 11, "color": "#222222"}, "bgcolor": "#ffffff", "bordercolor": "#999999", "align": "left"}
CONFIG = {"displaylogo": False, "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]]}

TEMPLATE = Path(__file__).with_name("page.html")


class Cell(NamedTuple):
    """What the table says of a model, and whether no other model's figure is better."""

    text: str
    best: bool = False


def write_comparison_page(
    path: Path,
    comparison: Comparison,
    quality: Figure,
    control: Figure,
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    followed: Sequence[Figure] = (),
) -> None:
    """Write one HTML file that carries its script and asks nothing of any network.

    Every pair of a figure of quality and one of control is drawn beforehand, so that the page computes nothing.

    Args:
        path: of the page; its folder is made if missing
        comparison: what is compared
        quality: the figure across at first
        control: the figure upwards at first
        headings: of the table
        rows: of the table, a model each, its name first
        followed: figures to which lines lead from the settings in which the models differ
    """
    qualities, controls = comparison.figures("quality"), comparison.figures("control") or {control.name: control}
    talks = {model.name: model.crosstalk for model in comparison.models if model.crosstalk is not None}
    settings = comparison.settings
    said = {model.name: _settings_of(number, settings) for number, model in enumerate(comparison.models)}
    sounds, left_out = embedded(listening(comparison.models))
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        plotly_js=get_plotlyjs(),
        qualities=list(qualities),
        controls=list(controls),
        quality=quality.name,
        control=control.name,
        caption=CAPTION,
        headings=headings,
        rows=rows,
        remarks=comparison.remarks,
        config=CONFIG,
        hover=[hover_text(model, said[model.name]) for model in comparison.models],
        plots={
            across: {upwards: pareto_plot(trade_off(comparison, x, y)) for upwards, y in controls.items()}
            for across, x in qualities.items()
        },
        parallel=parallel_plot(comparison, settings, followed, control) if settings and followed else None,
        listening=sounds,
        left_out=left_out,
        said=said,
        crosstalk={name: crosstalk_plot(talk) for name, talk in talks.items()},
    )
    write_text(path, page)


def _settings_of(number: int, settings: Sequence[Setting]) -> str:
    """What sets a model apart from the others, beside its name."""
    texts = [(setting.name, setting.texts[number]) for setting in settings]
    return " · ".join(f"{name} {text}" for name, text in texts if text != NONE_SUCH)


def hover_text(model: Model, said: str = "") -> str:
    """Remarks on a model, then all its overall figures, one per line."""
    defined = [figure for name in {figure.name: None for figure in model.figures} if (figure := model.overall(name))]
    lines = [f"{figure.name} {figure.text} {'' if figure.unit == '1' else figure.unit}" for figure in defined]
    seeds = f"{model.n_seeds} seed{'s' if model.n_seeds > 1 else ''}"
    lines = [part for part in said.split(" · ") if part] + lines
    return "<br>".join([f"<b>{html.escape(model.name)}</b>, {seeds}", *map(html.escape, lines)])


def pareto_plot(trade: TradeOff) -> dict[str, Any]:
    """The picture of `pareto_figure` for plotly: points in the order of the models, then the front."""
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
    layout = {**_layout(WIDTH_PX, HEIGHT_PX, MARGIN_PX), **axes, "annotations": _labels(trade)}
    return {"data": [points, front], "layout": layout | {"hoverlabel": HOVER}}


def crosstalk_plot(talk: DriftTable) -> dict[str, Any]:
    """Heat map of the drift of each column while each knob is turned; a knob's own column is left blank."""
    own = np.array([[knob == column for column in talk.columns] for knob in talk.knobs])
    heat = {
        "type": "heatmap",
        "x": talk.columns,
        "y": talk.knobs,
        "z": _numbers(np.where(own, math.nan, talk.drift_jnd)),
        "zmin": 0.0,
        "zmax": DARKEST_JND,
        "colorscale": [[0.0, "#ffffff"], [1.0, ON_FRONT]],
        "showscale": False,
        "texttemplate": "%{z:.2f}",
        "hovertemplate": "turning %{y}: %{x} drifts by %{z:.2f} JND<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
    }
    layout = _layout(WIDTH_PX, 90 + 42 * len(talk.knobs), {"l": 160, "r": 20, "t": 80, "b": 10})
    look = {"showgrid": False, "type": "category"}
    words = {"tickvals": talk.columns, "ticktext": [html.escape(name).replace("_", "<br>") for name in talk.columns]}
    axes = {"xaxis": {"side": "top", "tickangle": 0, **words, **look}, "yaxis": {"autorange": "reversed", **look}}
    return {"data": [heat], "layout": {**layout, "plot_bgcolor": NO_JND, **axes}}


def _layout(width_px: int, height_px: int, margin_px: dict[str, int]) -> dict[str, Any]:
    """What the plots have in common."""
    look = {"plot_bgcolor": "#ffffff", "showlegend": False, "font": {"family": "system-ui, sans-serif"}}
    return {"width": width_px, "height": height_px, "margin": margin_px, **look}


def _axis(trade: TradeOff, side: int) -> dict[str, Any]:
    line = {"showline": True, "linecolor": "#222222", "gridcolor": "#eeeeee", "zeroline": False, "ticks": "outside"}
    return {"title": {"text": axis_title(trade.axes[side])}, "range": _numbers(np.array(limits(trade, side))), **line}


def _bars(trade: TradeOff, side: int) -> dict[str, Any]:
    """Error bars of all points, of no length where there is no interval."""
    value, low, high = (part[:, side] for part in (trade.values, trade.low, trade.high))
    lengths = {"array": _numbers(high - value), "arrayminus": _numbers(value - low)}
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
    return dict(zip("xy", _numbers(point), strict=True))


def _coordinates(points: np.ndarray) -> dict[str, list[Any]]:
    return {"x": _numbers(points[:, 0]), "y": _numbers(points[:, 1])}


def _numbers(values: np.ndarray) -> list[Any]:
    """Numbers as JSON has them: six digits, null for NaN."""
    if values.ndim > 1:
        return [_numbers(row) for row in values]
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]
