"""`timbre render`: a recording through a model, its knobs turned."""

import argparse
from pathlib import Path

import numpy as np
import soundfile
import torch

from datamodules import TRACKERS, NoPitch, PitchTracker
from instrument.render import measured_positions, render
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.provenance import remark_on_tracker
from output.whole_files import written_whole
from sounds.audio import Channel, header_of, read_audio
from studies.run_folder import checkpoint_in
from synths import Descriptor
from timbre.pitch_curve import given_pitch

EXAMPLE = """examples:
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --set sharpness=0.8
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --nudge sharpness=+0.2 --nudge level=-0.1
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --f0 440
  timbre render runs/flute/checkpoints/best.ckpt in.wav out.wav --f0 pitch.csv"""


def run(verb: str, args: list[str]) -> None:
    """Render one file."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Take a recording apart into pitch, knobs and residual, turn knobs, and put it together again. "
        "Pitch and loudness follow the recording, whatever instrument the model has learnt.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file, or the folder of a run (its best checkpoint)")
    parser.add_argument("input", type=Path, help="a sound file at any rate, one voice")
    parser.add_argument("output", type=Path, help="WAV, FLAC or OGG to write, at the model's rate")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=0..1", help="mean position of a knob")
    parser.add_argument("--nudge", action="append", default=[], metavar="KNOB=-1..1", help="move a knob by this much")
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
    torch.manual_seed(given.seed)
    output = render(model, torch.from_numpy(audio), torch.from_numpy(f0_hz), positions, nudges, given.dry)
    gain_db = _write(given.output, output, model.clip.sample_rate)
    pitch = torch.from_numpy(f0_hz)
    before, after = measured_positions(model, torch.from_numpy(audio), pitch), measured_positions(model, output, pitch)
    print(f"{given.output}: {len(output) / model.clip.sample_rate:.2f} s at {model.clip.sample_rate} Hz")
    if n_channels > 1 and channel == "mix":
        print(f"  the mean of the input's {n_channels} channels was rendered (--channel 0: the first)")
    if gain_db < 0:
        print(f"  lowered by {-gain_db:.1f} dB to fit full scale")
    for descriptor in model.encoder.each_descriptor():
        name = descriptor.name
        asked = positions.get(name, before[name]) + nudges.get(name, 0.0)
        print(f"  {name:<18} input {before[name]:5.2f}   asked {asked:5.2f}   measured {after[name]:5.2f}", end="")
        print(_beyond_reach(descriptor, asked, pitch) if name in positions or name in nudges else "")


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
