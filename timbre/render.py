"""`timbre render`: a recording, or a folder of them, through a model, its knobs turned."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from melodies.score import read_score
from output.whole_files import refuse_no_place
from sounds.audio import Channel, Choice, header_of, refuse_no_channel
from sounds.sound_file import sound_files
from studies.run_folder import checkpoint_in
from synths.descriptors.request import KnobRequest
from timbre.asked import AskedKnobs, add_options, asked_knobs
from timbre.help_text import HelpText
from timbre.knob_report import wrapped
from timbre.matching_options import add_options as add_matching
from timbre.matching_options import matching_of, refuse_wrong
from timbre.melody_options import add_options as add_melody
from timbre.melody_options import is_melody, refuse_wrong_options
from timbre.named_knobs import refuse_misnamed
from timbre.named_model import add_model, refuse_wrong_model
from timbre.pitch_curve import refuse_no_pitch
from timbre.requests import parsed_beside

if TYPE_CHECKING:  # torch takes seconds, and what is plainly wrong is told before
    from lightning_modules.timbre_model import TimbreModel
    from synths import Descriptor

EXAMPLE = """examples:
  timbre render in.wav out.wav --set sharpness=0.8
  timbre render orchestra in.wav out.wav --preset violin
  timbre render runs/flute in.wav out.wav --set sharpness=0.8
  timbre render runs/flute in.wav out.wav --set sharpness=1.8acum
  timbre render runs/flute in.wav out.wav --nudge level=-6dB
  timbre render runs/flute in.wav out.wav --nudge sharpness=+2jnd
  timbre render runs/flute in.wav out.wav --curve knobs.csv
  timbre render runs/flute in.wav out.wav --also spectral_spread=+200Hz
  timbre render runs/flute in.wav out.wav --nudge level=-6dB --faithful
  timbre render runs/flute cello.wav out.wav --match all
  timbre render runs/flute recordings/ rendered/ --set sharpness=0.8
  timbre render runs/flute in.wav out.wav --f0 440
  timbre render runs/flute in.wav out.wav --f0 pitch.csv
  timbre render orchestra melody.mid out.wav --preset violin --plot melody.png
  timbre render melody.mid out.wav --voice 2=orchestra:cello --voice 3=synth
  timbre render synth melody.mid out.wav --map 74=sharpness,71=noisiness
  timbre render phrase.wav out.wav --notes --preset clarinet"""


def run(verb: str, args: list[str]) -> None:
    """Render one file, or all of a folder."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Take a recording apart into pitch, knobs and residual, turn knobs, and put it together again. "
        "Pitch and loudness follow the recording, whatever instrument the model has learnt. What the decoder plays is "
        "corrected until every knob is measured where it was asked; those that were not turned stay where the "
        "recording has them.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    add_model(parser)
    parser.add_argument(
        "input",
        type=Path,
        help="a sound file at any rate and of any length, one voice; a folder; or notes: MIDI, MusicXML, ABC",
    )
    parser.add_argument(
        "output", type=Path, help="WAV, FLAC or OGG to write, at the model's rate; or a folder, where WAVs are written"
    )
    add_options(parser)
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="turn a descriptor that the model was not trained on, such as spectral_spread, to a value in its unit, or "
        "by one with a sign",
    )
    add_matching(parser)
    parser.add_argument("--open", action="store_true", help="what the decoder plays, without correction")
    parser.add_argument(
        "--faithful",
        action="store_true",
        help="fit the synth to the recording frame by frame, and let the network say only what turning a knob changes: "
        "nearer to the recording, and no longer the timbre that the model gives it, for about a fifth of a second of "
        "CPU per second of sound",
    )
    parser.add_argument(
        "--peak",
        choices=("lower", "keep"),
        default="lower",
        help="of a sound that would clip: lower the file to full scale (default), or keep its level in a WAV of 32-bit "
        "floats",
    )
    parser.add_argument(
        "--f0",
        metavar="HZ|FILE",
        help="the pitch where it is known: a number in Hz, or a text file with a line per moment, time_s,f0_hz "
        "(between them interpolated in log-frequency, held at the ends); otherwise it is tracked",
    )
    parser.add_argument("--channel", default="mix", help="of a stereo input: 0, 1 or mix, the mean (default)")
    parser.add_argument("--dry", action="store_true", help="leave out the learned room")
    parser.add_argument("--seed", type=int, default=0, help="of the synth's noise")
    add_melody(parser)
    given = parser.parse_intermixed_args(args)
    _refuse_wrong_output(given)
    if is_melody(given):
        _melody(given)
        return
    _refuse_wrong_input(given)
    _render(given, asked_knobs(given), parsed_beside(given.also))


def _refuse_wrong_output(given: argparse.Namespace) -> None:
    """All that can be said of the options without reading anything."""
    if not given.input.is_dir():
        refuse_no_place(given.output)
        if given.output.suffix.lower() not in (".wav", ".flac", ".ogg"):
            raise ValueError(f"{given.output} ends in '{given.output.suffix}': write .wav, .flac or .ogg.")
        if given.peak == "keep" and given.output.suffix.lower() != ".wav":
            raise ValueError(f"--peak keep: {given.output.suffix} holds nothing above full scale: write a .wav.")
    if given.channel not in ("0", "1", "mix"):
        raise ValueError(f"--channel {given.channel} is not a channel: choose 0, 1 or mix.")
    if given.open and given.faithful:
        raise ValueError(
            "--faithful needs corrected knobs, because a fit alone turns them less well: leave out --open."
        )
    if given.open and given.also:
        raise ValueError("--also turns what the decoder does not know: leave out --open.")
    refuse_wrong(given)
    refuse_wrong_options(given)


def _refuse_wrong_input(given: argparse.Namespace) -> None:
    """All that can be said of it before torch is loaded, which takes seconds."""
    refuse_wrong_model(given)
    if given.input.is_dir():
        _jobs(given)
    else:
        header = header_of(str(given.input))
        refuse_no_channel(str(given.input), header.n_channels, Choice(_channel(given), "--channel"))
    refuse_no_pitch(given.f0)
    refuse_misnamed(given)


def _melody(given: argparse.Namespace) -> None:
    """Notes, of a score or heard: what is wrong is told before torch is loaded."""
    if given.notes:
        _refuse_wrong_input(given)
    refuse_wrong_model(given)
    refuse_misnamed(given)
    score, asked = None if given.notes else read_score(given.input), asked_knobs(given)
    from timbre.render_melody import render_melody

    print(*render_melody(score, given, asked, _channel(given)), sep="\n")


def _channel(given: argparse.Namespace) -> Channel:
    return "mix" if given.channel == "mix" else int(given.channel)


def _jobs(given: argparse.Namespace) -> list[tuple[Path, Path]]:
    """Each sound and where it is written: of a folder, WAVs in folders of the same names.

    Raises:
        ValueError: the folder has no sounds, would be written into itself, or two of its sounds have one name
    """
    if not given.input.is_dir():
        return [(given.input, given.output)]
    paths = sound_files(str(given.input))
    if not paths:
        raise ValueError(f"there is no sound in {given.input}: name a sound file, or a folder of them.")
    if given.output.is_file():
        raise ValueError(f"{given.output} is a file and {given.input} a folder: name a folder to write into.")
    if given.input.resolve() in (given.output.resolve(), *given.output.resolve().parents):
        raise ValueError(f"{given.output} lies in {given.input}, whose sounds are rendered: write elsewhere.")
    jobs: dict[Path, Path] = {}
    for path in paths:
        place = given.output / path.relative_to(given.input).with_suffix(".wav")
        if place in jobs:
            raise ValueError(f"{jobs[place]} and {path} would both be written to {place}: rename one of them.")
        jobs[place] = path
    return [(path, place) for place, path in jobs.items()]


def _render(given: argparse.Namespace, asked: AskedKnobs, also: Sequence[KnobRequest]) -> None:
    from lightning_modules.checkpoint import load_model
    from timbre.render_recording import Settings, render_recording

    model = load_model(checkpoint_in(given.checkpoint), given.preset)
    knobs = {descriptor.name: descriptor for descriptor in model.encoder.each_descriptor()}
    asked.refuse_what_is_not_there(knobs, model.encoder.factors)
    matching, remark = matching_of(given.match, given.octave, given.open or given.faithful, model)
    settings = Settings(
        model,
        asked,
        also,
        _beside(also, model),
        matching,
        _channel(given),
        given.f0,
        given.dry,
        given.open,
        given.faithful,
        given.peak,
        given.seed,
    )
    for line in wrapped(remark):
        print(line)
    if not given.input.is_dir():
        print(*render_recording(given.input, given.output, settings), sep="\n")
        return
    jobs, failed = _jobs(given), 0
    for path, place in jobs:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            print(*render_recording(path, place, settings), sep="\n", flush=True)
        except ValueError as error:
            failed += 1
            print(*wrapped(f"Not rendered: {error}"), sep="\n", flush=True)
    if failed:
        raise ValueError(
            f"{failed} of {len(jobs)} sounds of {given.input} could not be rendered: the reasons are above."
        )


def _beside(also: Sequence[KnobRequest], model: "TimbreModel") -> "list[Descriptor]":
    """The descriptors that `--also` turns, for a model."""
    from synths.descriptors.describe import descriptor_kinds

    kinds = {kind.name: kind for kind in descriptor_kinds()}
    for request in also:
        if request.knob in model.encoder.controls:
            raise ValueError(f"{request.written}: {request.knob} is a knob of this model: --set or --nudge turns it.")
    return [kinds[request.knob](model.clip) for request in also]
