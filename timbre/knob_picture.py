"""Knobs of a recording as sliders: ticks one least audible difference apart, counted from where the recording is."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from instrument.reach import KnobReach
from output.numbers import readable
from timbre.requests import spoken_unit

REACHED, BEYOND, HERE = "#00609a", "#c9cdd2", "#d1495b"
MOST_NUMBERS = 14
"""Numbers that fit side by side below a slider."""
SHARE = 0.05
"""From tick to tick where no least audible difference is known, of the range."""


def slider_figure(found: Sequence[KnobReach], title: str) -> Figure:
    """One slider below the other: blue where the knob reaches while the others hold, grey beyond."""
    figure = Figure(figsize=(9.0, 0.7 + 1.05 * max(1, len(found))), layout="constrained")
    axes = figure.subplots(max(1, len(found)), 1, squeeze=False)[:, 0]
    for axis, each in zip(axes, found, strict=False):
        _draw(axis, each)
    figure.suptitle(f"{title}: where its knobs are, and how far each goes while the others hold", fontsize=11)
    figure.supxlabel("ticks: least audible differences from as recorded; grey: out of reach", fontsize=9)
    return figure


def _draw(axis: Axes, each: KnobReach) -> None:
    low, high = min(0.0, each.position), max(1.0, each.position)
    axis.set(xlim=(low - 0.02, high + 0.02), ylim=(-1.0, 1.0))
    axis.plot([low, high], [0.0, 0.0], color=BEYOND, linewidth=7, solid_capstyle="butt", zorder=1)
    if each.lowest == each.lowest:
        axis.plot([each.lowest, each.highest], [0.0, 0.0], color=REACHED, linewidth=7, solid_capstyle="butt", zorder=2)
    axis.plot(
        each.position, 0.0, "o", color="white", markeredgecolor=HERE, markeredgewidth=2.5, markersize=11, zorder=4
    )
    unit = spoken_unit(each.descriptor)
    for place, side in ((low, "left"), (high, "right")):
        axis.text(place, 0.45, f"{readable(each.reading(place) * unit.n)} {unit.word}", ha=side, fontsize=8)
    here = f"{each.descriptor.name}  {readable(each.reading(each.position) * unit.n)} {unit.word}"
    axis.text(min(max(each.position, 0.22), 0.78), 0.45, here, ha="center", fontsize=10, fontweight="bold")
    places, numbers = ticks(each, low, high)
    reachable = [place for place in places if each.lowest <= place <= each.highest]
    beyond = [place for place in places if place not in reachable]
    axis.vlines(reachable, -0.34, -0.14, color=REACHED, linewidth=0.9)
    axis.vlines(beyond, -0.34, -0.14, color=BEYOND, linewidth=0.9)
    for place, number in numbers:
        axis.text(
            place, -0.42, number, ha="center", va="top", fontsize=8, color="black" if place in reachable else "#8a9099"
        )
    axis.set_axis_off()


def ticks(each: KnobReach, low: float, high: float) -> tuple[list[float], list[tuple[float, str]]]:
    """Positions one least audible difference apart between two ends, and the numbers that some of them get."""
    jnd = each.descriptor.jnd
    start = each.reading(each.position)

    def place_of(step: int) -> float:
        if jnd is None:
            return each.position + SHARE * step
        return float(each.descriptor.position_of(each.descriptor.span.new_tensor(start + jnd * step)))

    ends = (
        ((each.reading(low) - start) / jnd, (each.reading(high) - start) / jnd)
        if jnd
        else ((low - each.position) / SHARE, (high - each.position) / SHARE)
    )
    steps = range(math.ceil(min(ends) - 1e-6), math.floor(max(ends) + 1e-6) + 1)
    between = next(n for n in (1, 2, 5, 10, 20, 50, 100, 1000) if len(steps) / n <= MOST_NUMBERS)
    places = {step: place_of(step) for step in steps}
    return list(places.values()), [
        (place, f"{step:+d}" if step else "0") for step, place in places.items() if step % between == 0
    ]
