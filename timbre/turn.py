"""`timbre turn`: the knobs of any recording of one voice, without a model."""

import argparse
from pathlib import Path

from output.whole_files import refuse_no_place
from sounds.audio import Channel, Choice, header_of, refuse_no_channel
from sounds.sound_file import opened, sound_files
from timbre.asked import add_options, asked_knobs
from timbre.help_text import HelpText
from timbre.pitch_curve import refuse_no_pitch
from timbre.series_options import add_series_options, conditions_of, is_series, with_steps
from timbre.unfinished_series import refuse_folder
from turning.delivery import kind_of

EXAMPLE = """examples:
  timbre turn in.wav out.wav --nudge sharpness=+2jnd
  timbre turn in.wav out.wav --nudge level=-6dB --set noisiness=-30dB
  timbre turn in.wav out.wav --nudge brightness=+5points --release noisiness
  timbre turn in.wav out.wav --nudge roughness=-0.1asper
  timbre turn in.wav out.wav --nudge attack_time=-5ms
  timbre turn in.wav out.wav --curve knobs.csv
  timbre turn in.wav out.wav --like other.wav --match sharpness
  timbre turn FOLDER OUT --steps -4:4:1jnd --knob sharpness --equal-loudness
  timbre turn FOLDER OUT --design design.yaml"""


def run(verb: str, args: list[str]) -> None:
    """Turn one file."""
    given = _parser(verb).parse_args(with_steps(args))
    if is_series(given):
        _refuse_wrong_series(given)
        from timbre.turn_series import make_series  # torch comes with it, and takes seconds

        make_series(given, args)
        return
    _refuse_wrong_options(given)
    _refuse_wrong_inputs(given)
    asked = asked_knobs(given)
    from timbre.turn_recording import turn_recording

    turn_recording(given, asked)


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Turn qualities of a recorded sound of one voice, each by what was asked, and hold the others. "
        "No model is needed: the recording's own partials and noise are made louder or softer, and what is not asked "
        "to change stays as it was recorded. The file keeps its rate, channels and kind of samples; where nothing is "
        "asked, it is the very same file.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument("input", type=Path, help="a sound file at any rate, one voice")
    parser.add_argument("output", type=Path, help="the file to write, such as out.wav")
    add_options(parser)
    parser.add_argument("--release", action="append", default=[], metavar="KNOB", help="let a knob go that would hold")
    parser.add_argument("--like", type=Path, metavar="OTHER", help="turn the knobs to where another recording has them")
    parser.add_argument(
        "--match", action="append", default=[], metavar="KNOB", help="with --like: this knob, and not all"
    )
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
    add_series_options(parser)
    return parser


def _refuse_wrong_options(given: argparse.Namespace) -> None:
    """All that can be said without reading anything."""
    refuse_no_place(given.output)
    if given.channel != "mix" and not given.channel.isdecimal():
        raise ValueError(f"--channel {given.channel} is not a channel: choose a number from 0, or mix.")
    if given.output.exists() and given.input.exists() and given.output.samefile(given.input):
        raise ValueError(f"{given.output} is the recording itself: write to another file.")
    if given.match and given.like is None:
        raise ValueError(f"--match {given.match[0]} asks for a recording to match: add --like OTHER.wav.")


def _refuse_wrong_inputs(given: argparse.Namespace) -> None:
    """All that can be said of the files before torch is loaded."""
    channel: Channel = "mix" if given.channel == "mix" else int(given.channel)
    with opened(str(given.input)) as sound:
        kind_of(given.output, sound.file, given.peak)
        refuse_no_channel(str(given.input), sound.n_channels, Choice(channel, "--channel"))
    if given.like is not None:
        header_of(str(given.like))
    refuse_no_pitch(given.f0)


def _refuse_wrong_series(given: argparse.Namespace) -> None:
    """The same for a series.

    Raises:
        ValueError: there is no recording, the conditions are none, or the folder to write to is not a new one
    """
    conditions_of(given)
    if given.input.is_dir() and not sound_files(str(given.input)):
        raise ValueError(f"{given.input} holds no sound files: name a folder of recordings, or one recording.")
    if not given.input.is_dir():
        header_of(str(given.input))
    refuse_folder(given.output)
