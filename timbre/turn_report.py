"""What became of a turned recording's knobs."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from instrument.render import KnobReport
from synths.descriptors.request import KnobRequest
from turning.bend import BENDS
from turning.listened import Listened
from turning.reach import why_impossible
from turning.sound_in import SoundIn
from turning.turn import AskedBend, AskedPlaces


def impossible(
    listened: Listened, asked: AskedPlaces, row: int, requests: Sequence[KnobRequest]
) -> Iterator[tuple[KnobRequest, str]]:
    """Requests of one answer that the recording's parts cannot meet, and why."""
    was, wanted = listened.mean(asked.own), listened.mean(asked.positions[row])
    for request in requests:
        if request.knob in BENDS:
            continue  # it was refused already
        place = [knob.name for knob in asked.knobs].index(request.knob)
        knob = asked.knobs[place]
        reason = why_impossible(knob, float(knob.value_at(was[place])), float(knob.value_at(wanted[place])))
        if reason and was[place] != wanted[place]:
            yield request, reason


def reports_of(listened: Listened, asked: AskedPlaces, turned: SoundIn) -> list[KnobReport]:
    """How all knobs were met by one sound that was made."""
    got = listened.readings([type(knob) for knob in asked.knobs], turned)
    reports = knob_reports(listened, asked, 0, got)
    return [*reports, bend_report(listened, asked.bend, turned)] if asked.bend else reports


def knob_reports(listened: Listened, asked: AskedPlaces, row: int, got: Tensor) -> list[KnobReport]:
    """How each knob of one answer was met: (F, C) positions heard."""
    reports = []
    for place, knob in enumerate(asked.knobs):
        each = (asked.own, asked.positions[row], got)
        own, wanted, heard = (knob.value_at(values[listened.sounding, place]) for values in each)
        unit = knob.jnd or 0.05 * float(abs(knob.span[1] - knob.span[0]))
        is_curve = bool((wanted - own).std(correction=0) > 1e-3 * unit)
        means = (float(own.mean()), float(wanted.mean()), float(heard.mean()), float((heard - wanted).mean() / unit))
        frames = (heard - wanted) / unit if is_curve else None
        reports.append(KnobReport(knob, *means, bool(asked.free[row, place]), frames))
    return reports


def bend_report(listened: Listened, asked: AskedBend, turned: SoundIn) -> KnobReport:
    """How a knob that only a whole sound can tell was met."""
    knob = asked.bend.kind(listened.clip(1))
    got, step = listened.pooled(asked.bend.kind, turned), knob.jnd or 0.05 * float(abs(knob.span[1] - knob.span[0]))
    return KnobReport(knob, asked.was, asked.asked, got, (got - asked.asked) / step, True, None)
