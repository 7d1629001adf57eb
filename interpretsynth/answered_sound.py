"""A sound that was made as it was asked, and what came of each knob."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from instrument.render import KnobReport
from timbre.knob_report import remark_lines, table_lines


@dataclass(frozen=True)
class KnobOutcome:
    """How one knob was met, in the mean over what sounds.

    Attributes:
        was, asked, got: readings in the unit; of a knob that held, `asked` is where it was
        unit: such as acum or dB; a share is a number from 0 to 1
        jnd: least audible difference in the unit, None where none is known
        off: how far above what was asked, in least audible differences, or twentieths of the range where none is known
        turned: whether it was asked to move; else it was to hold
    """

    was: float
    asked: float
    got: float
    unit: str
    jnd: float | None
    off: float
    turned: bool


@dataclass(frozen=True)
class AnsweredSound:
    """A sound that was made as it was asked; printed, it is the table that the command line shows.

    Attributes:
        audio: as the sound that was handed in: (samples,) or (samples, channels), not lowered where it exceeds 1
        rate: samples per second
        table: name of a knob -> what came of it
        remarks: what was not met, and other things to know, a sentence each
    """

    audio: np.ndarray = field(repr=False)
    rate: int
    table: dict[str, KnobOutcome]
    remarks: list[str]
    lines: list[str] = field(repr=False)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def answered(
    audio: np.ndarray, rate: int, reports: Sequence[KnobReport], said: Sequence[str] = (), corrected: bool = True
) -> AnsweredSound:
    """A sound with its reports.

    Args:
        audio: as it is handed out
        rate: samples per second
        reports: one for each knob
        said: further sentences
        corrected: whether the knobs were to be met on the sound
    """
    remarks = [line.strip() for report in reports for line in _joined(remark_lines([report], corrected))]
    table = {report.descriptor.name: _outcome(report) for report in reports}
    lines = [*table_lines(reports), *remark_lines(reports, corrected)]
    return AnsweredSound(audio, rate, table, [*said, *remarks], lines)


def _outcome(report: KnobReport) -> KnobOutcome:
    descriptor = report.descriptor
    means = report.was, report.asked, report.got
    return KnobOutcome(*means, descriptor.unit, descriptor.jnd, report.off, report.turned)


def _joined(lines: Sequence[str]) -> list[str]:
    return [" ".join(line.strip() for line in lines)] if lines else []
