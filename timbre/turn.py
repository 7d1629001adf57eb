"""`timbre turn`: the knobs of any recording of one voice, without a model."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from output.numbers import readable
from synths import Descriptor
from synths.descriptors.request import Request
from timbre.pitch_curve import given_pitch
from timbre.requests import parsed_requests, refuse_unknown, spoken_unit
from turning.delivery import Delivered, copied, delivered, kind_of
from turning.knobs import offered
from turning.listened import Listened
from turning.sound_in import file_in
from turning.turn import Asked, asked_of, changes

NEARLY = 0.25
"""Least audible differences that nobody would call a miss."""
LONG_S = 30.0
"""What lasts longer shows how far it is."""
EXAMPLE = """examples:
  timbre turn in.wav out.wav --nudge sharpness=+2jnd
  timbre turn in.wav out.wav --nudge level=-6dB --set noisiness=-30dB
  timbre turn in.wav out.wav --nudge brightness=+5 --release noisiness"""


def run(verb: str, args: list[str]) -> None:
    """Turn one file."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Turn qualities of a recorded sound of one voice, each by what was asked, and hold the others. "
        "No model is needed: the recording's own partials and noise are made louder or softer, and what is not asked "
        "to change stays as it was recorded. The file keeps its rate, channels and kind of samples; where nothing is "
        "asked, it is the very same file.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", type=Path, help="a sound file at any rate, one voice")
    parser.add_argument("output", type=Path, help="the file to write, such as out.wav")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KNOB=PLACE", help="where its mean is to be: noisiness=-30dB"
    )
    parser.add_argument(
        "--nudge",
        action="append",
        default=[],
        metavar="KNOB=MOVE",
        help="how far it is to move: sharpness=+2jnd (least audible differences), level=-6dB",
    )
    parser.add_argument("--release", action="append", default=[], metavar="KNOB", help="let a knob go that would hold")
    parser.add_argument(
        "--f0", metavar="HZ|FILE", help="the pitch where it is known: Hz, or a file of lines time_s,f0_hz"
    )
    parser.add_argument(
        "--channel", default="mix", help="which one is measured: 0, 1 or mix, the mean (default); all are turned alike"
    )
    parser.add_argument("--steady", action="store_true", help="one set of gains from begin to end")
    parser.add_argument(
        "--peak",
        choices=("lower", "keep"),
        default="lower",
        help="of a sound that would clip: lower it to full scale (default), or keep its level in 32-bit floats",
    )
    given = parser.parse_args(args)
    _refuse_wrong_files(given)
    places, moves = parsed_requests(given.set, "--set"), parsed_requests(given.nudge, "--nudge")
    _turn(given, [*places, *moves])


def _refuse_wrong_files(given: argparse.Namespace) -> None:
    if given.output.is_dir():
        raise ValueError(f"{given.output} is a folder: name a file to write, such as {given.output / 'out.wav'}.")
    if not given.output.parent.is_dir():
        raise FileNotFoundError(f"the folder {given.output.parent} does not exist: make it, or write elsewhere.")
    if given.channel != "mix" and not given.channel.isdecimal():
        raise ValueError(f"--channel {given.channel} is not a channel: choose a number from 0, or mix.")
    if given.output.exists() and given.input.exists() and given.output.samefile(given.input):
        raise ValueError(f"{given.output} is the recording itself: write to another file.")


def _turn(given: argparse.Namespace, requests: Sequence[Request]) -> None:
    with file_in(str(given.input)) as sound:
        kind = kind_of(given.output, sound.file, given.peak)
        if not requests and given.output.suffix.lower() == given.input.suffix.lower() and given.peak == "lower":
            copied(given.input, given.output)
            print(f"{given.output}: the same file, because nothing was asked (--nudge sharpness=+1jnd)")
            return
        channel = "mix" if given.channel == "mix" else int(given.channel)
        pitch = None if given.f0 is None else lambda n_samples, clip: given_pitch(given.f0, n_samples, clip)
        listened = Listened(sound, channel, pitch)
        _refuse_what_is_not_there(listened, requests, given.release)
        asked = asked_of(listened, [requests], given.release)
        _refuse_impossible(listened, asked, requests)
        length_s = sound.n_frames / sound.rate
        with tqdm(total=100, desc="turning", unit="%", disable=length_s < LONG_S, file=sys.stderr) as bar:
            what = changes(listened, asked, given.steady, lambda share: bar.update(round(100 * share) - bar.n))
            written = delivered(sound, (change[0] for change in what), given.output, kind)
        _report(given, listened, asked, written, requests)


def _refuse_what_is_not_there(listened: Listened, requests: Sequence[Request], released: Sequence[str]) -> None:
    kinds = offered(listened.has_pitch)
    for name in [*(request.knob for request in requests), *released]:
        if not listened.has_pitch and name in offered(True) and name not in kinds:
            raise ValueError(
                f"{listened.sound.label}: {name} needs a sound with a pitch, and only {listened.why_no_pitch}: turn "
                f"one of {', '.join(kinds)}, or give the pitch with --f0."
            )
    refuse_unknown(requests, kinds, owner="a recording")
    for name in released:
        if name not in kinds:
            raise ValueError(f"--release {name}: there is no such knob: choose one of {', '.join(kinds)}.")
        if name in [request.knob for request in requests]:
            raise ValueError(f"--release {name}: {name} is turned: leave one out.")


def _refuse_impossible(listened: Listened, asked: Asked, requests: Sequence[Request]) -> None:
    """Raises ValueError for what no sound reads."""
    del listened, asked, requests


def _report(
    given: argparse.Namespace, listened: Listened, asked: Asked, written: Delivered, requests: Sequence[Request]
) -> None:
    sound = listened.sound
    with file_in(str(given.output)) as turned:
        got = listened.mean(listened.readings([type(knob) for knob in asked.knobs], turned))
    was, wanted = listened.mean(asked.own), listened.mean(asked.positions[0])
    what = f"{sound.n_frames / sound.rate:.2f} s, {sound.rate} Hz, {sound.n_channels} channel"
    print(f"{given.output}: {what}{'s' if sound.n_channels > 1 else ''}, {written.kind.subtype}")
    print(f"  {'knob':<19}{'was':>9}{'asked':>9}{'got':>9} {'':<7}{'off by':>11}")
    for place, knob in enumerate(asked.knobs):
        readings = [float(knob.value_at(each[place])) for each in (was, wanted, got)]
        print(_line(knob, readings, bool(asked.free[0, place])))


def _line(knob: Descriptor, readings: Sequence[float], is_turned: bool) -> str:
    unit = spoken_unit(knob)
    was, wanted, got = (readable(each * unit.n) for each in readings)
    off = abs(readings[2] - readings[1])
    missed = f"{off / knob.jnd:.2f} JND" if knob.jnd else f"{readable(off * unit.n)} {unit.word}"
    return f"  {knob.name:<19}{was:>9}{wanted if is_turned else 'held':>9}{got:>9} {unit.word:<7}{missed:>11}"
