"""What became of the knobs of one sound: where each was, what was asked and what is measured, in 80 columns."""

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from output.numbers import readable
from timbre.requests import spoken_unit

if TYPE_CHECKING:
    from instrument.render import KnobReport

WIDTH = 80
NEARLY = 0.25
"""Least audible differences that nobody would call a miss."""
AUDIBLE = 1.0
"""The same of what was not corrected: less would not be heard."""
_COLUMNS = "  {:<24}{:>9}{:>9}{:>9} {:<9}{:>13}"


def table_lines(reports: "Sequence[KnobReport]") -> list[str]:
    """A line per knob below a heading; nothing where there are no knobs."""
    heading = _COLUMNS.format("knob", "was", "asked", "got", "", "off by").rstrip()
    return [heading, *(_line(report) for report in reports)] if reports else []


def remark_lines(reports: "Sequence[KnobReport]", corrected: bool) -> list[str]:
    """What is to be said of curves, and of what was not met.

    Args:
        reports: one for each knob
        corrected: whether the knobs were to be met on the sound, or it is what a decoder plays
    """
    return [line for report in reports for remark in _remarks(report, corrected) for line in wrapped(remark)]


def wrapped(remark: str) -> list[str]:
    """A remark as indented lines that fit the terminal."""
    return textwrap.wrap(remark, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def in_unit(report: "KnobReport", reading: float) -> str:
    """A reading as it is printed, with its unit."""
    unit = spoken_unit(report.descriptor)
    return f"{readable(reading * unit.n)} {unit.word}"


def miss(report: "KnobReport", off: float) -> str:
    """How far off, without a sign."""
    if not math.isfinite(off):
        return "–"
    return f"{abs(off):.2f} JND" if report.descriptor.jnd else f"{5.0 * abs(off):.1f} % of range"


def _line(report: "KnobReport") -> str:
    unit = spoken_unit(report.descriptor)
    was, asked, got = (readable(reading * unit.n) for reading in (report.was, report.asked, report.got))
    asked = asked if report.turned else "held"
    return _COLUMNS.format(report.descriptor.name, was, asked, got, unit.word, miss(report, report.off)).rstrip()


def _remarks(report: "KnobReport", corrected: bool) -> list[str]:
    name, remarks = report.descriptor.name, []
    if report.frames_off is not None and len(report.frames_off):
        each = report.frames_off.abs()
        half, most = (miss(report, float(each.quantile(share))) for share in (0.5, 0.95))
        remarks.append(f"{name} follows its curve: half of the time within {half}, 95 % of it within {most}.")
    if abs(report.off) <= (NEARLY if corrected else AUDIBLE) or not math.isfinite(report.off):
        return remarks
    side = "above" if report.off > 0.0 else "below"
    if not corrected:
        wanted = f"{in_unit(report, report.asked)} was asked" if report.turned else "it was to hold"
        remarks.append(
            f"{name}: {wanted}; the decoder plays {in_unit(report, report.got)}, {miss(report, report.off)} {side}."
        )
        return remarks
    if report.turned:
        asked, got = in_unit(report, report.asked), in_unit(report, report.got)
        remarks.append(
            f"{name}: {asked} was not reached with the others held; the nearest place found is {got}, "
            f"{miss(report, report.off)} {side}."
        )
    else:
        remarks.append(f"{name} could not be held: it came out {miss(report, report.off)} {side} where it was.")
    return remarks
