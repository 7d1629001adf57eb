"""`timbre render`: a recording through a model, its knobs turned."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch

from datamodules import TRACKERS, NoPitch, PitchTracker
from instrument.render import Further, measured_positions, render, render_exactly
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.exact import Answer, obstacle_of
from lightning_modules.provenance import remark_on_tracker
from output.whole_files import written_whole
from sounds.audio import Channel, header_of, read_audio
from studies.run_folder import checkpoint_in
from synths import Descriptor
from synths.descriptors.describe import descriptor_kinds
from synths.projection import projectable
from timbre.pitch_curve import given_pitch

NEARLY = 0.25
"""Least audible differences that nobody would call a miss."""
EXAMPLE = """examples:
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --set sharpness=0.8
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --nudge sharpness=+0.2 --nudge level=-0.1
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --also spectral_spread=+200
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --f0 440
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --f0 pitch.csv"""


def run(verb: str, args: list[str]) -> None:
    """Render one file."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Take a recording apart into pitch, knobs and residual, turn knobs, and put it together again. "
        "Pitch and loudness follow the recording, whatever instrument the model has learnt. What the decoder plays is "
        "corrected until every knob is measured where it was asked; those that were not turned stay where the "
        "recording has them.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file, or the folder of a run (its best checkpoint)")
    parser.add_argument("input", type=Path, help="a sound file at any rate, one voice")
    parser.add_argument("output", type=Path, help="WAV, FLAC or OGG to write, at the model's rate")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=0..1", help="mean position of a knob")
    parser.add_argument("--nudge", action="append", default=[], metavar="KNOB=-1..1", help="move a knob by this much")
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
        "--f0",
        metavar="HZ|FILE",
        help="the pitch where it is known: a number in Hz, or a text file with a line per moment, time_s,f0_hz "
        "(between them interpolated in log-frequency, held at the ends); otherwise it is tracked",
    )
    parser.add_argument("--channel", default="mix", help="of a stereo input: 0, 1 or mix, the mean (default)")
    parser.add_argument("--dry", action="store_true", help="leave out the learned room")
    parser.add_argument("--seed", type=int, default=0, help="of the synth's noise")
    given = parser.parse_args(args)
    _render(given)


def _render(given: argparse.Namespace) -> None:
    positions, nudges = _knob_values(given.set, "--set"), _knob_values(given.nudge, "--nudge")
    if given.output.is_dir():
        raise ValueError(f"{given.output} is a folder: name a file to write, such as {given.output / 'out.wav'}.")
    if given.output.suffix.lower() not in (".wav", ".flac", ".ogg"):
        raise ValueError(f"{given.output} ends in '{given.output.suffix}': write .wav, .flac or .ogg.")
    if given.channel not in ("0", "1", "mix"):
        raise ValueError(f"--channel {given.channel} is not a channel: choose 0, 1 or mix.")
    if not given.output.parent.is_dir():
        raise FileNotFoundError(f"the folder {given.output.parent} does not exist: make it, or write elsewhere.")
    n_channels = header_of(str(given.input)).n_channels  # before the model is loaded, which takes seconds
    path = checkpoint_in(given.checkpoint)
    model = load_model(path)
    channel: Channel = "mix" if given.channel == "mix" else int(given.channel)
    audio = read_audio(str(given.input), model.clip, channel=channel, option="--channel")
    f0_hz = _tracked(audio, model, given.input) if given.f0 is None else given_pitch(given.f0, len(audio), model.clip)
    further = _further(given.also, model)
    if given.open and further:
        raise ValueError("--also turns what the decoder does not know: leave out --open.")
    obstacle = "" if given.open else obstacle_of(model)
    if obstacle:
        print(f"  {obstacle}: the knobs are not corrected")
    torch.manual_seed(given.seed)
    sound, pitch, answer = torch.from_numpy(audio), torch.from_numpy(f0_hz), None
    if given.open or obstacle:
        output = render(model, sound, pitch, positions, nudges, given.dry)
    else:
        output, answer = render_exactly(model, sound, pitch, positions, nudges, given.dry, further)
    gain_db = _write(given.output, output, model.clip.sample_rate)
    print(f"{given.output}: {len(output) / model.clip.sample_rate:.2f} s at {model.clip.sample_rate} Hz")
    if n_channels > 1 and channel == "mix":
        print(f"  the mean of the input's {n_channels} channels was rendered (--channel 0: the first)")
    if gain_db < 0:
        print(f"  lowered by {-gain_db:.1f} dB to fit full scale: its level is that much below what is said here")
    _print_knobs(model, sound, output, pitch, positions, nudges, answer)
    if answer is not None:
        _print_further(further, answer)


def _print_knobs(
    model: TimbreAutoencoder,
    sound: torch.Tensor,
    output: torch.Tensor,
    pitch: torch.Tensor,
    positions: dict[str, float],
    nudges: dict[str, float],
    answer: Answer | None,
) -> None:
    """A line per knob: where the recording has it, what was asked, what is measured now."""
    before, after = measured_positions(model, sound, pitch), measured_positions(model, output, pitch)
    for descriptor in model.encoder.each_descriptor():
        name = descriptor.name
        asked, measured = positions.get(name, before[name]) + nudges.get(name, 0.0), after[name]
        remark = _beyond_reach(descriptor, asked, pitch) if name in positions or name in nudges else ""
        if answer is not None and name in answer.names:
            place = answer.names.index(name)
            measured, remark = float(answer.measured[0, place]), _miss(descriptor, answer, place) + remark
        print(f"  {name:<18} input {before[name]:5.2f}   asked {asked:5.2f}   measured {measured:5.2f}{remark}")


def _print_further(further: Sequence[Further], answer: Answer) -> None:
    """A line per descriptor that the model was not trained on, in its unit."""
    for each in further:
        kind, place = each.descriptor, answer.names.index(each.descriptor.name)
        asked, measured = (float(kind.value_at(of[0, place])) for of in (answer.asked, answer.measured))
        print(f"  {kind.name:<18} asked {asked:.4g} {kind.unit}   measured {measured:.4g} {kind.unit}", end="")
        print(_miss(kind, answer, place))


def _miss(descriptor: Descriptor, answer: Answer, place: int) -> str:
    """How far off a knob is, and what that means where it is too far."""
    off = float(answer.off[0, place])
    unit = "JND" if descriptor.jnd else "steps of 5 %"
    if not off == off:
        return "   (nothing to measure)"
    remark = "" if abs(off) <= NEARLY else ": not reached with the others held, the nearest place found"
    return f"   ({abs(off):.2f} {unit} off){remark}"


def _further(given: Sequence[str], model: TimbreAutoencoder) -> list[Further]:
    """What `--also` says."""
    kinds, further = {kind.name: kind for kind in descriptor_kinds()}, []
    for text in given:
        name, equals, number = (part.strip() for part in text.partition("="))
        if name in model.encoder.controls:
            raise ValueError(f"--also {text}: {name} is a knob of this model: --set or --nudge turns it.")
        if name not in kinds or not projectable(kinds[name](model.clip)):
            known = [
                kind for kind in kinds if kind not in model.encoder.controls and projectable(kinds[kind](model.clip))
            ]
            raise ValueError(f"--also {text}: choose one of {', '.join(known)}.")
        match = re.fullmatch(r"([+-]?)(\d+\.?\d*(?:e-?\d+)?)\s*(\S*)", number)
        unit = kinds[name].unit
        if not equals or match is None or match[3] not in ("", unit):
            raise ValueError(f"--also {text}: write --also {name}=NUMBER or {name}=+NUMBER, in {unit}.")
        further.append(Further(kinds[name](model.clip), float(match[1] + match[2]), by=bool(match[1])))
    return further


def _beyond_reach(descriptor: Descriptor, asked: float, f0_hz: torch.Tensor) -> str:
    """A remark where a request lies beyond what training notes of that pitch reach: it may not be met."""
    low, high = (float(end) for end in descriptor.range.reach(f0_hz.median()))
    within = low - 0.02 <= asked <= high + 0.02
    return "" if within else f"   beyond {low:.2f} to {high:.2f}, what training notes of this pitch reach"


def _knob_values(given: list[str], option: str) -> dict[str, float]:
    values = {}
    for text in given:
        name, equals, number = text.partition("=")
        try:
            values[name.strip()] = float(number)
        except ValueError:
            raise ValueError(f"{option} {text}: write {option} KNOB=NUMBER, such as {option} sharpness=0.5.") from None
        if not equals or values[name.strip()] != values[name.strip()]:
            raise ValueError(f"{option} {text}: write {option} KNOB=NUMBER, such as {option} sharpness=0.5.")
    return values


def _tracked(audio: np.ndarray, model: TimbreAutoencoder, path: Path) -> np.ndarray:
    """The pitch that the model's tracker hears."""
    tracker = _tracker_of(model.f0_tracker)
    if remark := remark_on_tracker(model.f0_tracker, tracker.identity):
        print(f"  {remark}")
    try:
        return tracker.track(audio, model.clip).f0_hz
    except NoPitch as error:
        raise ValueError(
            f"{path}: {error}; the synth needs a sound with a pitch, or one that --f0 gives it."
        ) from error


def _tracker_of(identity: str | None) -> PitchTracker:
    """The tracker a model was trained with, so that its pitch means the same here."""
    recalled = [tracker for kind in TRACKERS if identity and (tracker := kind.recalled(identity))]
    return recalled[0] if recalled else TRACKERS[0]()


def _write(path: Path, audio: torch.Tensor, sample_rate: int) -> float:
    """Write audio whole or not at all, lowered where it would clip; the gain in dB."""
    peak = float(audio.abs().max())
    scale = min(1.0, 0.999 / peak) if peak > 0 else 1.0
    with written_whole(path) as partial:
        soundfile.write(partial, (audio * scale).numpy(), sample_rate, format=path.suffix[1:].upper())
    return 20.0 * float(torch.log10(torch.tensor(scale)))
