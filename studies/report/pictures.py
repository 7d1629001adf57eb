"""Pictures of one run: its training curves, and what its knobs did on all notes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from studies.figure import OPEN
from studies.report.words import curve_words
from studies.run_curves import MONITORED, Curves
from studies.run_reports import MeanSweep

LINE, MARK, QUIET = "#0072b2", "#d55e00", "#777777"
COLOURS = {OPEN: QUIET}
SIZE_INCHES = (3.6, 2.4)


def curve_pictures(curves: Curves) -> dict[str, Picture]:
    """Name of a figure -> its course over the steps; what the best checkpoint goes by first."""
    names = sorted(curves.figures, key=lambda name: (name != MONITORED, not name.startswith("validation/")))
    return {name: _course(curves, name) for name in names if np.isfinite(curves.figures[name]).any()}


def _course(curves: Curves, name: str) -> Picture:
    title, better = curve_words(name)
    picture, axis = _small(title, "step")
    axis.set_ylabel(f"{better} is better" if better else "", fontsize=8, color=QUIET)
    axis.plot(curves.steps, curves.figures[name], color=LINE, linewidth=1.6, marker="o", markersize=2.5)
    if curves.best is not None:
        axis.axvline(curves.steps[curves.best], color=MARK, linewidth=0.9, linestyle="--")
        axis.plot(curves.steps[curves.best], curves.figures[name][curves.best], "*", color=MARK, markersize=10)
    return picture


def sweep_pictures(sweeps: Sequence[MeanSweep]) -> dict[str, Picture]:
    """Knob -> what was measured over what was asked, a line for each way of rendering, the ideal dashed."""
    found = {}
    for knob in dict.fromkeys(sweep.knob for sweep in sweeps):
        own = [sweep for sweep in sweeps if sweep.knob == knob]
        unit = "" if own[0].unit in ("", "1") else f" ({own[0].unit})"
        picture, axis = _small(f"{knob.replace('_', ' ')}{unit}", "asked")
        axis.set_ylabel("measured", fontsize=9)
        axis.plot(own[0].asked, own[0].asked, color="#bbbbbb", linestyle="--", linewidth=1.2)
        for sweep in own:
            axis.plot(sweep.asked, sweep.measured, "o-", markersize=3, linewidth=1.4, label=sweep.rendering,
                      color=COLOURS.get(sweep.rendering, LINE if sweep.rendering == "exact" else MARK))  # fmt: skip
        if len(own) > 1:
            axis.legend(fontsize=8, frameon=False)
        found[knob] = picture
    return found


def _small(title: str, across: str) -> tuple[Picture, Axes]:
    picture = Picture(figsize=SIZE_INCHES, layout="constrained")
    axis = picture.subplots()
    axis.set_title(title, fontsize=10, loc="left")
    axis.set_xlabel(across, fontsize=9)
    axis.tick_params(labelsize=8.5)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return picture, axis
