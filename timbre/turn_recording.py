"""One recording, its knobs turned and measured again."""

import argparse
import sys
from collections.abc import Sequence

from tqdm import tqdm

from instrument.render import KnobReport
from sounds.audio import Channel
from synths.descriptors.request import KnobRequest
from timbre.asked import AskedKnobs
from timbre.knob_report import remark_lines, table_lines, wrapped
from timbre.pitch_curve import given_pitch
from timbre.turn_report import reports_of
from timbre.turn_requests import refuse_impossible, refuse_what_is_not_there
from turning.delivery import Delivered, copied, delivered, kind_of
from turning.like import readings_of
from turning.listened import Listened
from turning.sound_in import FileIn, file_in
from turning.turn import asked_of, changes

LONG_S = 30.0
"""What lasts longer shows how far it is."""
LOUD_DB = 6.0
"""A peak that rises by more is mentioned."""


def turn_recording(given: argparse.Namespace, asked_knobs: AskedKnobs) -> None:
    """Write it, and print how each knob was met.

    Raises:
        ValueError: what is asked is not there, or the recording's parts cannot do it
    """
    moved = [request for request in asked_knobs.steady if not request.moves or request.value != 0.0]
    nothing_asked = not (moved or asked_knobs.curves or given.like or given.release)
    with file_in(str(given.input)) as sound:
        kind = kind_of(given.output, sound.file, given.peak)
        if nothing_asked and given.output.suffix.lower() == given.input.suffix.lower() and given.peak == "lower":
            copied(given.input, given.output)
            print(f"{given.output}: the same file, because nothing was asked (--nudge sharpness=+1jnd)")
            return
        listened = _listened(given, sound)
        n_samples = listened.n_frames * listened.working.hop
        requests = asked_knobs.over(n_samples, listened.clip(listened.n_frames))
        requests += _like(given, listened, requests)
        refuse_what_is_not_there(listened, requests, given.release)
        asked = asked_of(listened, [requests], given.release, given.hold)
        refuse_impossible(listened, asked, requests)
        is_short = sound.n_frames < LONG_S * sound.rate
        with tqdm(total=100, desc="turning", unit="%", disable=is_short, file=sys.stderr, ncols=79) as bar:
            what = changes(listened, asked, given.steady, lambda share: bar.update(round(100 * share) - bar.n))
            (written,) = delivered(sound, what, [given.output], kind)
        with file_in(str(given.output)) as turned:
            reports = reports_of(listened, asked, turned)
        _print(given, listened, written, kind.subtype, reports)


def _listened(given: argparse.Namespace, sound: FileIn) -> Listened:
    channel: Channel = "mix" if given.channel == "mix" else int(given.channel)
    if given.f0 is None:
        return Listened(sound, channel)
    return Listened(sound, channel, lambda n_samples, clip: given_pitch(given.f0, n_samples, clip))


def _like(given: argparse.Namespace, listened: Listened, requests: Sequence[KnobRequest]) -> list[KnobRequest]:
    """What --like asks: the places where another recording has its knobs."""
    if given.like is None:
        return []
    taken = [request.knob for request in requests] + list(given.release)
    for name in given.match:
        if name in taken:
            raise ValueError(f"--match {name}: {name} is turned or released already: leave one out.")
    with file_in(str(given.like)) as other:
        readings = readings_of(other, listened.has_pitch, given.match, except_for=taken)
    return [KnobRequest(name, value, unit, False, f"--like {given.like}") for name, (value, unit) in readings.items()]


def _print(
    given: argparse.Namespace, listened: Listened, written: Delivered, subtype: str, reports: Sequence[KnobReport]
) -> None:
    sound = listened.sound
    channels = f"{sound.n_channels} channel{'s' if sound.n_channels > 1 else ''}"
    print(f"{given.output}: {sound.n_frames / sound.rate:.2f} s, {sound.rate} Hz, {channels}, {subtype}")
    lines = []
    if sound.n_channels > 1:
        which = "the mean of all is" if given.channel == "mix" else f"channel {given.channel} is"
        lines.append(f"All channels were turned alike; {which} measured.")
    if not listened.has_pitch:
        lines.append(f"It counts as a sound without a pitch: {listened.why_no_pitch} (--f0 gives one).")
    if written.lowered_db > 0.0:
        lines.append(
            f"It would have clipped: the file is lowered by {written.lowered_db:.1f} dB, and is measured so "
            "(--peak keep: not lowered)."
        )
    elif written.rise_db > LOUD_DB:
        lines.append(f"Its peak rose by {written.rise_db:.1f} dB: listen before you use it.")
    for line in lines:
        print(*wrapped(line), sep="\n")
    print(*table_lines(reports), *remark_lines(reports, corrected=True), sep="\n")
