"""`timbre render`: a recording through a model, its knobs turned."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from output.whole_files import refuse_no_place, written_whole
from sounds.audio import Channel, Choice, header_of, read_audio, refuse_no_channel
from studies.run_folder import checkpoint_in
from synths.descriptors.request import KnobRequest
from timbre.asked import AskedKnobs, add_options, asked_knobs
from timbre.help_text import HelpText
from timbre.knob_report import NEARLY, in_unit, remark_lines, table_lines, wrapped
from timbre.named_knobs import refuse_misnamed
from timbre.named_model import add_model, refuse_wrong_model
from timbre.pitch_curve import given_pitch, refuse_no_pitch
from timbre.requests import parsed_beside

if TYPE_CHECKING:  # torch takes seconds, and what is plainly wrong is told before
    from torch import Tensor

    from instrument.render import KnobReport
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
  timbre render runs/flute in.wav out.wav --f0 440
  timbre render runs/flute in.wav out.wav --f0 pitch.csv"""


def run(verb: str, args: list[str]) -> None:
    """Render one file."""
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
    parser.add_argument("input", type=Path, help="a sound file at any rate, one voice")
    parser.add_argument("output", type=Path, help="WAV, FLAC or OGG to write, at the model's rate")
    add_options(parser)
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="turn a descriptor that the model was not trained on, such as spectral_spread, to a value in its unit, or "
        "by one with a sign",
    )
    parser.add_argument("--open", action="store_true", help="what the decoder plays, without correction")
    parser.add_argument(
        "--faithful",
        action="store_true",
        help="fit the synth to the recording frame by frame, and let the network say only what turning a knob changes: "
        "nearer to the recording, for about a third of a second of CPU per second of sound",
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
    given = parser.parse_intermixed_args(args)
    _refuse_wrong_output(given)
    _refuse_wrong_input(given)
    _render(given, asked_knobs(given), parsed_beside(given.also))


def _refuse_wrong_output(given: argparse.Namespace) -> None:
    """All that can be said of the options without reading anything."""
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


def _refuse_wrong_input(given: argparse.Namespace) -> None:
    """All that can be said of it before torch is loaded, which takes seconds."""
    refuse_wrong_model(given)
    refuse_no_channel(str(given.input), header_of(str(given.input)).n_channels, Choice(_channel(given), "--channel"))
    refuse_no_pitch(given.f0)
    refuse_misnamed(given)


def _channel(given: argparse.Namespace) -> Channel:
    return "mix" if given.channel == "mix" else int(given.channel)


def _render(given: argparse.Namespace, asked: AskedKnobs, also: Sequence[KnobRequest]) -> None:
    import torch

    from instrument.render import knob_reports, render
    from lightning_modules.checkpoint import load_model
    from lightning_modules.exact import obstacle_of
    from lightning_modules.presets import preset_requests
    from timbre.tracked_pitch import tracked_pitch

    n_channels = header_of(str(given.input)).n_channels
    model = load_model(checkpoint_in(given.checkpoint), given.preset)
    knobs = {descriptor.name: descriptor for descriptor in model.encoder.each_descriptor()}
    asked.refuse_what_is_not_there(knobs, model.encoder.factors)
    beside = _beside(also, model)
    channel = _channel(given)
    audio = read_audio(str(given.input), model.clip, channel=channel, option="--channel")
    f0_hz = (
        tracked_pitch(audio, model, given.input) if given.f0 is None else given_pitch(given.f0, len(audio), model.clip)
    )
    obstacle = "" if given.open else obstacle_of(model)
    if given.faithful and obstacle:
        raise ValueError(f"{obstacle}, and cannot be fitted: leave out --faithful.")
    corrected = not (given.open or obstacle)
    torch.manual_seed(given.seed)
    sound, pitch = torch.from_numpy(audio), torch.from_numpy(f0_hz)
    requests = [*asked.over(len(audio), model.clip), *also]
    requests = [*preset_requests(model, pitch, requests), *requests]
    rendered = render(model, sound, pitch, requests, beside, given.dry, corrected, given.faithful)
    delivered, lines = _delivered(rendered.audio, given.peak)
    _write(given.output, delivered, model.clip.sample_rate, given.peak)
    reports = knob_reports(model, rendered, delivered, pitch)
    # What was not met for full scale's sake is said above the table; the remarks are on the sound before.
    unlowered = reports if delivered is rendered.audio else knob_reports(model, rendered, rendered.audio, pitch)
    print(f"{given.output}: {len(delivered) / model.clip.sample_rate:.2f} s at {model.clip.sample_rate} Hz")
    if n_channels > 1 and channel == "mix":
        lines.append(f"The mean of the input's {n_channels} channels was rendered (--channel 0: the first).")
    if given.faithful:
        lines.append(
            "Faithful: with nothing turned, this sound is a fit of the recording, not what the network makes of it; "
            "the network says only what turning a knob changes."
        )
    if obstacle:
        lines.append(f"{obstacle}: the knobs are not corrected.")
    remarks = [_beyond_training(report, pitch, corrected) for report in unlowered if report.descriptor.name in knobs]
    said = [row for line in lines for row in wrapped(line)] + table_lines(reports) + remark_lines(unlowered, corrected)
    for line in said + [row for remark in remarks for row in wrapped(remark)]:
        print(line)


def _beside(also: Sequence[KnobRequest], model: "TimbreModel") -> "list[Descriptor]":
    """The descriptors that `--also` turns, for a model."""
    from synths.descriptors.describe import descriptor_kinds

    kinds = {kind.name: kind for kind in descriptor_kinds()}
    for request in also:
        if request.knob in model.encoder.controls:
            raise ValueError(f"{request.written}: {request.knob} is a knob of this model: --set or --nudge turns it.")
    return [kinds[request.knob](model.clip) for request in also]


def _beyond_training(report: "KnobReport", f0_hz: "Tensor", corrected: bool) -> str:
    """A remark where a request that may not be met lies beyond what training notes of that pitch reach."""
    if not report.turned or (corrected and abs(report.off) <= NEARLY):
        return ""
    import torch

    descriptor = report.descriptor
    asked = float(descriptor.position_of(torch.tensor(report.asked)))
    low, high = (float(end) for end in descriptor.range.reach(f0_hz.median()))
    if low - 0.02 <= asked <= high + 0.02:
        return ""
    ends = [in_unit(report, float(descriptor.value_at(torch.tensor(end)))) for end in (low, high)]
    return f"{descriptor.name}: training notes of this pitch have {ends[0].split()[0]} to {ends[1]}."


def _delivered(audio: "Tensor", peak: str) -> "tuple[Tensor, list[str]]":
    """The sound as its file will hold it, and what is to be said where it would clip."""
    highest = float(audio.abs().max())
    if highest <= 0.999:
        return audio, []
    above_db = 20.0 * math.log10(highest / 0.999)
    if peak == "keep":
        return audio, [
            f"It peaks {above_db:.1f} dB above full scale; the file holds 32-bit floats: lower it before it is played."
        ]
    return audio * (0.999 / highest), [
        f"It would have clipped: the file is lowered by {above_db:.1f} dB, and measured so below (--peak keep: not "
        "lowered)."
    ]


def _write(path: Path, audio: "Tensor", sample_rate: int, peak: str) -> None:
    """Write audio whole or not at all."""
    import soundfile

    subtype = "FLOAT" if peak == "keep" else None
    with written_whole(path) as partial:
        soundfile.write(partial, audio.numpy(), sample_rate, subtype, format=path.suffix[1:].upper())
