"""Knobs as tables: what a model has, and how far those of a recording go."""

from collections.abc import Sequence

import torch
from rich.box import SIMPLE
from rich.table import Table

from instrument.reach import KnobReach
from output.numbers import readable
from synths import Descriptor
from timbre.knob_report import wrapped
from timbre.requests import spoken_unit

_COLUMNS = "{:<24}{:<8}{:>8}{:>7}{:>9}{:>9}{:>7}{:>7}"


def reach_lines(found: Sequence[KnobReach]) -> list[str]:
    """A line per knob below a heading, then what is to be said of all, in 80 columns."""
    heading = _COLUMNS.format("knob", "unit", "is", "at", "lowest", "highest", "JND -", "JND +")
    lines = [heading, *(_reach_line(each) for each in found)]
    deaf = [each.descriptor.name for each in found if each.lowest != each.lowest]
    if deaf:
        lines += wrapped(
            f"{', '.join(deaf)}: only sound tells, and how far it goes is not known before it is rendered."
        )
    return [*lines, *wrapped("at: its position, for --set. JND: least audible differences down and up, for --nudge.")]


def _reach_line(each: KnobReach) -> str:
    unit = spoken_unit(each.descriptor)
    places = (each.position, each.lowest, each.highest)
    here, lowest, highest = (readable(each.reading(place) * unit.n) for place in places)
    down, up = (_steps(each.jnds(place)) for place in places[1:])
    at = f"{each.position:.2f}"
    return _COLUMNS.format(each.descriptor.name, unit.word, here, at, lowest, highest, down, up)


def _steps(jnds: float) -> str:
    return f"{jnds:+.1f}" if jnds == jnds else "–"


def knob_table(descriptors: Sequence[Descriptor], pitches_hz: Sequence[float]) -> Table:
    """A row per knob: unit, range, least audible difference and what it measures.

    With pitches, instead of what follows the range: what training notes near them reach.
    """
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("knob", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    last = [f"at {f0_hz:g} Hz" for f0_hz in pitches_hz] or ["JND", "steps"]
    for end in ("at 0", "at 1", *last):
        table.add_column(end, justify="right", no_wrap=True)
    if not pitches_hz:
        table.add_column("measures")
    for descriptor in descriptors:
        unit = spoken_unit(descriptor)
        ends = [readable(end * unit.n) for end in descriptor.span.tolist()]
        row = [reach_text(descriptor, f0_hz) for f0_hz in pitches_hz]
        table.add_row(descriptor.name, unit.word, *ends, *(row or [*_jnd_texts(descriptor), descriptor.summary]))
    return table


def _jnd_texts(descriptor: Descriptor) -> tuple[str, str]:
    """The least audible difference, and how many of them the range has."""
    if descriptor.jnd is None:
        return "–", "–"
    low, high = descriptor.span.tolist()
    return readable(descriptor.jnd * spoken_unit(descriptor).n), f"{abs(high - low) / descriptor.jnd:.0f}"


def reach_text(descriptor: Descriptor, f0_hz: float) -> str:
    """Lowest and highest knob position of training notes near a pitch."""
    low, high = descriptor.range.reach(torch.tensor(f0_hz))
    return f"{low:.2f}–{high:.2f}"
