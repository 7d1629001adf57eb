"""A series of turned sounds as a picture: what moved, and what held."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOVED = 0.05
"""Least audible differences; a knob that was asked for less holds."""


def series_picture(rows: Sequence[Mapping[str, Any]]) -> "Figure":
    """Left: JNDs that each turned knob moved over JNDs asked. Right: how far every knob is off."""
    from matplotlib.figure import Figure

    made = [row for row in rows if row["file"]]
    names = [key.removesuffix("_off_jnd") for key in made[0] if key.endswith("_off_jnd")]
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    moved, off = figure.subplots(1, 2)
    for number, name in enumerate(names):
        asked = [row[f"{name}_asked_jnd"] for row in made]
        turned = [place for place, value in enumerate(asked) if abs(value) > MOVED]
        if turned:
            got = [made[place][f"{name}_moved_jnd"] for place in turned]
            moved.plot([asked[place] for place in turned], got, "o", color=f"C{number}", label=name, alpha=0.6)
        off.plot([row[f"{name}_off_jnd"] for row in made], [number] * len(made), "o", color=f"C{number}", alpha=0.5)
    ends = moved.get_xlim()
    moved.plot(ends, ends, color="0.6", linewidth=1.0, zorder=0)
    moved.set(xlabel="asked, JND", ylabel="moved, JND", title="what was turned")
    moved.legend(frameon=False, fontsize="small")
    off.axvspan(-0.05, 0.05, color="0.92", zorder=0)
    off.set(xlabel="off by, JND (grey: within 0.05)", title="every knob of every sound")
    off.set_yticks(range(len(names)), names)
    return figure
