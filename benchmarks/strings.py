"""Stiff strings: how well the curve tells each note's stiffness, and what strings bring over harmonics.

    python -m benchmarks.strings NOTES [--notes 18] [--steps 15]
    python -m benchmarks.strings NOTES --runs STRINGS HARMONICS [--notes 24]
    python -m benchmarks.strings NOTES --bank

NOTES is a folder of single notes (../shared/data/grand_piano). The first form holds every note's own regression
against the curve that is fitted to the training split's; then notes that were held out are fitted frame by frame by a
synth with each part, without a network. The second renders notes held out with two trained runs, to be of equal steps.
MSS and magnitude SNR are those of `timbre test` (docs/quality.md), with 95 % intervals over notes: ratio and difference
of strings and harmonics, note by note. The third needs no notes: CPU time of the bank of free partials beside that of
the harmonic bank, 8 clips of 2 s, 100 partials, one thread.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.exact_requests import spread
from benchmarks.faithful import with_interval
from benchmarks.measure import cpu_s
from datamodules import NoPitch, YinStrings, read_audio
from datamodules.recordings.recordings import recording_files
from datamodules.splits import shared_out
from evaluation.renderings import same_noise
from evaluation.resynthesis import MagnitudeSNR, MultiResolutionSTFT
from evaluation.resynthesis.fits import fitted_sounds
from evaluation.resynthesis.pair import Pair
from lightning_modules.checkpoint import load_model
from synths import ClipFormat, FilteredNoise, Harmonics, SMSSynth, Strings
from synths.oscillator import available_backends, free_bank, oscillator_bank

CLIP = ClipFormat(16000, 32000, 160)
REGISTERS = (("to D3", 0.0, 151.0), ("D♯3 to B4", 151.0, 508.0), ("from C5", 508.0, 1e9))
WITHIN = 0.15

Renders = Callable[[Tensor, Tensor], Tensor]
"""(1, N) audio and (1, F) pitch in Hz -> (1, N) what is made of it."""


class StringNote(NamedTuple):
    """A recording: name, split, (1, N) audio and (1, F) pitch in Hz."""

    name: str
    split: str
    audio: Tensor
    f0_hz: Tensor

    @property
    def pitch_hz(self) -> float:
        """Its median."""
        return float(self.f0_hz.median())


def notes_of(folder: Path, clip: ClipFormat, splits: Sequence[str], most: int) -> list[StringNote]:
    """Notes of these splits as `Recordings` shares files out, at most so many; those without a pitch are left out."""
    files = recording_files(str(folder))
    split_of = shared_out([file.name for file in files])
    found = []
    for file in spread([file for file in files if split_of[file.name] in splits], most):
        audio = read_audio(file.path, clip, duration_s=clip.duration_s, channel="mix")[: clip.n_samples]
        audio = np.pad(audio, (0, clip.n_samples - len(audio)))
        try:
            f0_hz = YinStrings().track(audio, clip).f0_hz
        except NoPitch:
            continue
        found.append(
            StringNote(file.name, split_of[file.name], torch.from_numpy(audio)[None], torch.from_numpy(f0_hz)[None])
        )
    return found


def deviations(part: Strings, notes: Sequence[StringNote]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) pitches of the notes that tell their stiffness, and how far the curve is from it, as a share of it."""
    told = [found for note in notes for found in part.stiff(note.audio.numpy(), note.f0_hz.numpy())]
    pitch_hz, stiffness = np.array(told).reshape(-1, 2).T
    return pitch_hz, part.stiffness_of(torch.from_numpy(pitch_hz)).numpy() / stiffness - 1.0


def curve_report(folder: Path) -> tuple[Strings, str]:
    """The part with the training notes' curve, and what it says of all notes."""
    notes = notes_of(folder, CLIP, ("train", "valid", "test"), 10**6)
    part, smooth = Strings(CLIP), Strings(CLIP)
    part.calibrate((note.audio, note.f0_hz) for note in notes if note.split == "train")
    smooth.curve.copy_(part.curve)
    lines = [f"curve {', '.join(f'{number:.4g}' for number in part.curve)}, of training notes", ""]
    lines += ["| notes | that tell | four numbers: median deviation, within 15 % | with each semitone's own |"]
    lines += ["|---|---|---|---|"]
    for name, splits in (("training", ("train",)), ("held out", ("valid", "test"))):
        chosen = [note for note in notes if note.split in splits]
        each = [np.abs(deviations(of, chosen)[1]) for of in (smooth, part)]
        said = [f"{100 * np.median(off):.1f} %, {100 * np.mean(off <= WITHIN):.0f} %" for off in each]
        lines.append(f"| {len(chosen)} {name} | {len(each[0])} | {' | '.join(said)} |")
    return part, "\n".join(lines)


def fitter(part: Strings | Harmonics, n_steps: int) -> Renders:
    """What a synth of this part and noise plays when its every frame is fitted."""
    synth = SMSSynth(CLIP, [lambda clip: part, FilteredNoise], [])
    return lambda audio, f0_hz: fitted_sounds(synth, audio, f0_hz, n_steps).first


def network(run: Path) -> tuple[ClipFormat, Renders]:
    """The format of a trained run, and what its best checkpoint makes of a recording."""
    model = load_model(run / "checkpoints" / "best.ckpt")

    def render(audio: Tensor, f0_hz: Tensor) -> Tensor:
        with same_noise(audio.device):
            return model(audio, f0_hz).audio

    return model.clip, render


@torch.no_grad()
def compared(notes: Sequence[StringNote], clip: ClipFormat, strings: Renders, harmonics: Renders) -> np.ndarray:
    """(n, 5): pitch in Hz, MSS of strings and of harmonics, magnitude SNR of both."""
    rows = []
    for note in notes:
        row = [note.pitch_hz]
        outputs = [renders(note.audio, note.f0_hz) for renders in (strings, harmonics)]
        for metric in (MultiResolutionSTFT(clip), MagnitudeSNR(clip)):
            sure = torch.ones_like(note.f0_hz)
            row += [float(metric(Pair(note.audio, each, note.f0_hz, note.f0_hz, sure, sure))) for each in outputs]
        rows.append(row)
    return np.array(rows)


def table(rows: np.ndarray) -> str:
    """(n, 5) as `compared` gives them -> the table by register."""
    lines = [
        "| register | notes | MSS, strings | harmonics | ratio | magnitude SNR gained, dB |",
        "|---|---|---|---|---|---|",
    ]
    for name, low, high in (*REGISTERS, ("all", 0.0, 1e9)):
        here = torch.from_numpy(rows[(rows[:, 0] >= low) & (rows[:, 0] < high)])
        if len(here):
            _, ours, theirs, our_db, their_db = here.T
            ratio, gained = with_interval(ours / theirs), with_interval(our_db - their_db)
            lines.append(f"| {name} | {len(here)} | {ours.mean():.3f} | {theirs.mean():.3f} | {ratio} | {gained} |")
    return "\n".join(lines)


def bank_report() -> str:
    """CPU time of both banks, forward and backward, of each backend that runs here."""
    f0_hz, amplitudes = 75.0 + torch.rand(8, 200), torch.rand(8, 200, 100, requires_grad=True)
    hz = f0_hz[..., None] * torch.arange(1, 101)
    lines = ["| backend | pass | free, ms | harmonic, ms | times as long |", "|---|---|---|---|---|"]
    for backend in available_backends():
        for backward in (False, True):

            def run(bank: Callable[..., Tensor], pitch: Tensor, backward: bool, backend: str) -> None:
                audio = bank(pitch, amplitudes, 160, 16000, None, backend)
                if backward:
                    torch.autograd.grad(audio.sum(), amplitudes)

            calls = {
                name: partial(run, bank, pitch, backward, backend)
                for name, bank, pitch in (("free", free_bank, hz), ("harmonic", oscillator_bank, f0_hz))
            }
            taken = cpu_s(calls, 9)
            free_s, harmonic_s = (min(taken[name]) for name in calls)
            what = "forward and backward" if backward else "forward"
            each = f"{1e3 * free_s:.1f} | {1e3 * harmonic_s:.1f} | {free_s / harmonic_s:.1f}"
            lines.append(f"| {backend} | {what} | {each} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notes_folder", type=Path, metavar="NOTES")
    parser.add_argument("--runs", type=Path, nargs=2, metavar=("STRINGS", "HARMONICS"))
    parser.add_argument("--bank", action="store_true", help="the cost of the bank alone")
    parser.add_argument("--notes", type=int, default=18, help="held out, at most")
    parser.add_argument("--steps", type=int, default=15, help="of Adam in a fit")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.bank:
        print(bank_report())
        return
    if given.runs:
        (clip, strings), (_, harmonics) = (network(run) for run in given.runs)
    else:
        part, said = curve_report(given.notes_folder)
        print(said + "\n")
        clip, strings, harmonics = CLIP, fitter(part, given.steps), fitter(Harmonics(CLIP), given.steps)
    held_out = notes_of(given.notes_folder, clip, ("test",) if given.runs else ("valid", "test"), given.notes)
    print(table(compared(held_out, clip, strings, harmonics)))


if __name__ == "__main__":
    main()
