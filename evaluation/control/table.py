"""The examination in the terminal: a line per knob and rendering, one under the other."""

import math
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table

from output.numbers import readable
from studies.figure import Figure

COLUMNS = {
    "slope": "slope",
    "error": "error_jnd",
    "95 %": "error_jnd_p95",
    "≤ ¼": "within_quarter",
    "all": "all_met",
    "held": "held_error_jnd",
    "drift": "off_target_drift_jnd",
}
"""Header -> name of the figure."""
LEGEND = (
    "In JNDs: error of the turned knob, its 95th percentile, distance of held knobs from the recording's place, drift "
    "of the others from the unturned sound. Shares: the turned knob within ¼ JND, all knobs at once; and how many "
    "requests no sound meets."
)


def figures_table(figures: Sequence[Figure]) -> Table:
    """Figures of all notes -> a table for the terminal: each knob, then all together, by every rendering."""
    table = Table(title="Control, over all notes", caption=LEGEND, box=SIMPLE, padding=(0, 0))
    for header in ("knob", ""):
        table.add_column(header, no_wrap=True)
    for header in (*COLUMNS, "no reach"):
        table.add_column(header, justify="right", no_wrap=True)
    overall = [figure for figure in figures if figure.family is None and figure.register is None]
    # The residual is probed for other descriptors too: a knob is what was asked.
    asked = [figure for figure in overall if figure.name == "requests"]
    renderings = dict.fromkeys(figure.rendering for figure in asked)
    for knob in (*dict.fromkeys(figure.knob for figure in asked if figure.knob is not None), None):
        for rendering in renderings:
            of_both = {f.name: f for f in overall if (f.knob, f.rendering) == (knob, rendering)}
            is_first = rendering == next(iter(renderings))
            name, reach = (knob or "all", _unreachable(of_both)) if is_first else ("", "")
            table.add_row(name, rendering, *(_cell(of_both.get(figure)) for figure in COLUMNS.values()), reach)
    return table


def _cell(figure: Figure | None) -> str:
    """A value, shares in percent; a dash where there is none."""
    if figure is None or math.isnan(figure.value):
        return "–"
    if figure.unit == "share":
        return f"{100 * figure.value:.0f} %"
    # A thousandth of a least audible difference says all: five characters leave eight columns room.
    return readable(figure.value) if abs(figure.value) >= 1.0 else f"{figure.value:.3f}"


def _unreachable(figures: dict[str, Figure]) -> str:
    unreachable, requests = figures["unreachable"].value, figures["requests"].value
    return "not known" if math.isnan(unreachable) else f"{unreachable:.0f} of {requests:.0f}"
