"""Settings to figures as parallel coordinates: a line per model through what was set and what came of it.

Drawn with plain lines, since plotly's own parallel coordinates need WebGL and a page that lets scripts write scripts.
"""

import html
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from plotly.colors import sample_colorscale

from output.numbers import readable
from studies.comparison.comparison import Comparison, Model
from studies.comparison.plot_look import WIDTH_PX
from studies.comparison.settings import Setting
from studies.figure import Figure

AXIS_WIDTH_PX, LEAST_WIDTH_PX, HEIGHT_PX = 102, 480, 430
MARGIN_PX = {"l": 120, "r": 60, "t": 95, "b": 20}
NO_CONTROL = "#bbbbbb"
COLOURS = "Viridis"
DARKEST, LIGHTEST = 0.9, 0.0
"""Ends of the colour scale that are used: its lightest yellow cannot be seen on white."""
MOST_AXES = 12
"""More are not read, and do not fit the page."""
MOST_TICKS = 8
LONGEST = 15
"""Letters of a value beside an axis."""


class Axis(NamedTuple):
    """One vertical axis: its title, where each model is on it, from 0 (bottom) to 1, its text there, and the ticks."""

    title: str
    places: list[float | None]
    texts: Sequence[str]
    ticks: dict[float, str]


def setting_axis(setting: Setting) -> Axis:
    """Its values at equal distances, numbers in their order."""
    ordered = sorted(dict.fromkeys(zip(map(_order, setting.values), setting.texts, strict=True)))
    places = {text: number / max(1, len(ordered) - 1) for number, (_, text) in enumerate(ordered)}
    ticks = {place: text for text, place in places.items()}
    if len(ticks) > MOST_TICKS:
        ticks = {place: text for place, text in ticks.items() if place in (0.0, 1.0)}
    return Axis(setting.name, [places[text] for text in setting.texts], setting.texts, ticks)


def _order(value: Any) -> tuple[bool, float]:
    """What sorts no value first, then numbers, then words."""
    if value is None:
        return False, -math.inf
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return not number, float(value) if number else 0.0


def figure_axis(comparison: Comparison, figure: Figure) -> Axis:
    """The better the higher, from end to end of all intervals, so that what is chance does not look large."""
    found = [model.overall(figure.name) for model in comparison.models]
    ends = [end for each in found if each for end in (each.value, each.low, each.high) if math.isfinite(end)]
    worst, best = (min(ends), max(ends)) if figure.better == "higher" else (max(ends), min(ends))
    if best == worst:  # neither good nor bad
        places, ticks = [None if each is None else 0.5 for each in found], {0.5: readable(best)}
    else:
        places = [None if each is None else (each.value - worst) / (best - worst) for each in found]
        ticks = {0.0: readable(worst), 1.0: readable(best)}
    texts = ["–" if each is None else each.text for each in found]
    return Axis(f"{figure.name} {'↑' if figure.better == 'higher' else '↓'}", places, texts, ticks)


def parallel_plot(
    comparison: Comparison, settings: Sequence[Setting], figures: Sequence[Figure], control: Figure
) -> dict[str, Any]:
    """Lines of all models for plotly, coloured by a figure of control; grey where a model has none.

    Args:
        comparison: what is compared
        settings: the first axes
        figures: the others, each of which some model has
        control: the figure that colours the lines
    """
    axes = [*map(setting_axis, settings), *(figure_axis(comparison, figure) for figure in figures)]
    shades = figure_axis(comparison, control).places if control in figures else [None] * len(comparison.models)
    lines = [
        _line(model, number, axes, NO_CONTROL if shade is None else _colour(shade))
        for number, (model, shade) in enumerate(zip(comparison.models, shades, strict=True))
    ]
    hidden = {"visible": False, "fixedrange": True}
    layout = {
        "width": min(WIDTH_PX, max(LEAST_WIDTH_PX, AXIS_WIDTH_PX * (len(axes) - 1) + MARGIN_PX["l"] + MARGIN_PX["r"])),
        "height": HEIGHT_PX,
        "margin": MARGIN_PX,
        "plot_bgcolor": "#ffffff",
        "font": {"family": "system-ui, sans-serif"},
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": {**hidden, "range": [-0.02, len(axes) - 0.98]},
        "yaxis": {**hidden, "range": [-0.03, 1.03]},
        "shapes": [_post(place) for place in range(len(axes))],
        "annotations": [text for place, axis in enumerate(axes) for text in _texts(place, axis)],
    }
    return {"data": lines, "layout": layout}


def _colour(shade: float) -> str:
    return str(sample_colorscale(COLOURS, [LIGHTEST + (DARKEST - LIGHTEST) * (1.0 - shade)])[0])


def _line(model: Model, number: int, axes: Sequence[Axis], colour: str) -> dict[str, Any]:
    """One model's line, broken where it has no value."""
    said = [f"{html.escape(axis.title)} {html.escape(axis.texts[number])}" for axis in axes]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(axes))),
        "y": [axis.places[number] for axis in axes],
        "line": {"color": colour, "width": 2},
        "marker": {"size": 7},
        "opacity": 0.85,
        "hoverinfo": "text",
        "hovertext": "<br>".join([f"<b>{html.escape(model.name)}</b>", *said]),
        "cliponaxis": False,
    }


def _post(place: int) -> dict[str, Any]:
    ends = {"x0": place, "x1": place, "y0": 0.0, "y1": 1.0}
    return {"type": "line", "layer": "below", "line": {"color": "#999999", "width": 1}, **ends}


def _texts(place: int, axis: Axis) -> list[dict[str, Any]]:
    """Title above, values to the left of the axis."""
    look = {"showarrow": False, "x": place}
    words = html.escape(axis.title).replace("_", "<br>").replace(".", ".<br>")
    title = {"text": f"<b>{words}</b>", "y": 1.03, "yref": "paper", "yanchor": "bottom", "xanchor": "center", **look}
    beside = {"xanchor": "right", "xshift": -7, "font": {"size": 11}, "bgcolor": "rgba(255,255,255,0.7)", **look}
    return [title, *({"text": html.escape(_cut(text)), "y": height, **beside} for height, text in axis.ticks.items())]


def _cut(text: str) -> str:
    """Without its middle: sets of names begin alike, and classes end alike."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half].rstrip()}…{text[-half:].lstrip()}"
