"""Training curves of several runs for the page: a plot per figure, the best validation of each run marked."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from plotly.colors import qualitative

from studies.comparison.comparison import Model
from studies.comparison.plot_look import AXIS, HOVER, WIDTH_PX, layout_of, numbers_of
from studies.run_curves import MONITORED, Curves, read_curves
from studies.run_folder import RunFolder

HEIGHT_PX = 460
MARGIN_PX = {"l": 70, "r": 20, "t": 15, "b": 50}
COLOURS = qualitative.Dark24
DASHES = ("solid", "dash", "dot")


class Course(NamedTuple):
    """The curves of one run, and how they are drawn: models differ in colour, and dashed where these are used up."""

    label: str
    curves: Curves
    colour: str
    dash: str


def courses(models: Sequence[Model]) -> list[Course]:
    """The runs of all models that have curves.

    Raises:
        ValueError: a curves.csv cannot be read
    """
    found = []
    for number, model in enumerate(models):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        named: list[tuple[str, Path]] = [(run.name, run.folder) for run in model.runs]
        for name, folder in named:
            curves = read_curves(RunFolder(folder))
            label = model.name if len(named) == 1 else f"{model.name}, {name}"
            if curves is not None:
                found.append(Course(label, curves, colour, dash))
    return found


def curve_plots(shown: Sequence[Course]) -> dict[str, dict[str, Any]]:
    """Name of a figure -> its plot, what the best checkpoint goes by first."""
    names = dict.fromkeys(name for course in shown for name in course.curves.figures)
    ordered = sorted(names, key=lambda name: (name != MONITORED, not name.startswith("validation/")))
    return {name: _plot(name, [course for course in shown if name in course.curves.figures]) for name in ordered}


def _plot(name: str, shown: Sequence[Course]) -> dict[str, Any]:
    lines = [trace for course in shown for trace in (_line(name, course), _best(name, course)) if trace]
    axes = {"xaxis": {"title": {"text": "optimiser step"}, **AXIS}, "yaxis": {"title": {"text": name}, **AXIS}}
    layout = {**layout_of(WIDTH_PX, HEIGHT_PX, MARGIN_PX), **axes, "hoverlabel": HOVER, "showlegend": True}
    return {"data": lines, "layout": layout}


def _line(name: str, course: Course) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(course.curves.steps) < 3 else "lines",
        "name": html.escape(course.label),
        "legendgroup": course.label,
        "line": {"color": course.colour, "dash": course.dash, "width": 1.8},
        "x": numbers_of(course.curves.steps),
        "y": numbers_of(course.curves.figures[name]),
    }


def _best(name: str, course: Course) -> dict[str, Any] | None:
    best = course.curves.best
    if best is None:
        return None
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": course.label,
        "showlegend": False,
        "marker": {"symbol": "star", "size": 12, "color": course.colour},
        "hovertemplate": f"best of {html.escape(course.label)}: step %{{x}}, %{{y:.4g}}<extra></extra>",
        "x": numbers_of(course.curves.steps[best : best + 1]),
        "y": numbers_of(course.curves.figures[name][best : best + 1]),
    }
