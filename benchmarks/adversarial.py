"""Classifier two-sample test: how well a fresh network tells held-out notes from their resyntheses, run by run.

    python -m benchmarks.adversarial RELEASE RUN [RUN ...] [--notes 96] [--folds 4] [--seeds 2] [--steps 150]

RELEASE is the NSynth release that the runs were trained on. A small network sees a third of a second of log-mel
spectrum, where the recording sounds. It learns from the notes of all folds but one and is tested on that one: every
note is judged by a network that never saw it, once a seed. 50 % is what cannot be told apart; the error in bits says
more where all is told. Beside it how much the noise between partials flickers, a frame against its quarter of a second.
Means with their 95 % interval over notes; differences to the first run are paired by note. Quality and control of the
same runs: benchmarks.partials.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from librosa.filters import mel
from torch import Tensor, nn

from benchmarks.exact_requests import spread, tested_notes
from benchmarks.faithful import with_interval
from datamodules import NSynth
from evaluation.renderings import same_noise
from lightning_modules.checkpoint import load_model
from synths import Clip, ClipFormat
from synths.fitting import noise_heard
from synths.spectrum import Spectrum

N_MELS, PATCH_FRAMES = 64, 32
N_BANDS, SMOOTH_FRAMES = 33, 25
BATCH = 64
HEADER = (
    "| run | told apart, % | less than the first | error, bits | flicker of the noise, dB | off the recording's, dB |\n"
    "|---|---|---|---|---|---|"
)


class JudgedNote(NamedTuple):
    """What is asked of one note: patches (P, mels, frames) of recording and resynthesis at the same places, flicker."""

    real: Tensor
    made: Tensor
    real_flicker_db: Tensor
    made_flicker_db: Tensor


def patches(audio: Tensor, sounding: Tensor, clip: ClipFormat) -> Tensor:
    """(1, N) audio, (1, F) 1 where the recording sounds -> (P, mels, frames) of log power, where all of it sounds."""
    spectrum = Spectrum(clip, 0.032)
    bank = torch.from_numpy(mel(sr=clip.sample_rate, n_fft=spectrum.n_fft, n_mels=N_MELS, fmin=40.0))
    levels = (spectrum(audio)[0] @ bank.T + 1e-9).log10() + 5.0
    cut = levels.unfold(0, PATCH_FRAMES, PATCH_FRAMES // 2)
    return cut[sounding[0].unfold(0, PATCH_FRAMES, PATCH_FRAMES // 2).bool().all(-1)]


def flicker_db(audio: Tensor, f0_hz: Tensor, sounding: Tensor, clip: ClipFormat) -> Tensor:
    """(1, N) audio -> () how far noise between partials is, in the mean over bands, from its course of 0.25 s."""
    levels_db = 20.0 * noise_heard(audio, f0_hz, clip, N_BANDS)[0].clamp_min(1e-6).log10()
    padded = F.pad(levels_db.T[None], (SMOOTH_FRAMES // 2,) * 2, mode="replicate")
    moved = levels_db - F.avg_pool1d(padded, SMOOTH_FRAMES, 1)[0].T
    return moved[sounding[0].bool()].square().mean(0).sqrt().mean()


@torch.no_grad()
def heard_of(run: Path, notes: Sequence[Clip]) -> list[JudgedNote]:
    """Each note, as it was recorded and as a run makes it."""
    model, found = load_model(run / "checkpoints" / "best.ckpt"), []
    for note in notes:
        with same_noise(model.device):
            output = model(note.audio, note.f0_hz).audio
        sounding = model.encoder.sounding(note.audio)
        cuts = [patches(audio, sounding, model.clip) for audio in (note.audio, output)]
        flickers = [flicker_db(audio, note.f0_hz, sounding, model.clip) for audio in (note.audio, output)]
        found.append(JudgedNote(*cuts, *flickers))
    return found


def fresh() -> nn.Module:
    """(B, 1, mels, frames) -> (B,) logits, positive for a recording."""
    layers: list[nn.Module] = []
    for before, after in ((1, 16), (16, 32), (32, 32)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(32, 1), nn.Flatten(0)
    )


def learnt(notes: Sequence[JudgedNote], n_steps: int) -> nn.Module:
    """A fresh network that has learnt from these notes: of each batch one half is real."""
    network, real, made = fresh(), torch.cat([note.real for note in notes]), torch.cat([note.made for note in notes])
    adam = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    asked = torch.tensor([1.0, 0.0]).repeat_interleave(BATCH // 2)
    for step in range(n_steps):
        adam.param_groups[0]["lr"] = 2e-3 * (1.0 - step / n_steps)
        chosen = torch.cat([each[torch.randint(len(each), (BATCH // 2,))] for each in (real, made)])
        loss = F.binary_cross_entropy_with_logits(network(chosen[:, None]), asked)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return network.eval()


def told_apart(notes: Sequence[JudgedNote], n_folds: int, n_seeds: int, n_steps: int) -> tuple[Tensor, Tensor]:
    """(n,) share of each note's patches that are told rightly, and (n,) error in bits, by networks that saw others."""
    right, bits = torch.zeros(2, n_seeds, len(notes))
    for seed in range(n_seeds):
        torch.manual_seed(seed)
        fold = torch.randperm(len(notes)) % n_folds
        for held in range(n_folds):
            network = learnt([note for note, own in zip(notes, fold, strict=True) if own != held], n_steps)
            for index in (fold == held).nonzero()[:, 0].tolist():
                right[seed, index], bits[seed, index] = _judged(network, notes[index])
    return right.mean(0), bits.mean(0)


@torch.no_grad()
def _judged(network: nn.Module, note: JudgedNote) -> tuple[float, float]:
    margin = torch.cat([network(note.real[:, None]), -network(note.made[:, None])])
    return float((margin > 0).float().mean()), float(F.softplus(-margin).mean() / 0.6931472)


def row(name: str, notes: Sequence[JudgedNote], told: tuple[Tensor, Tensor], first: Tensor) -> str:
    """A line of the table; `first` is the share that is told of the first run."""
    flickers = torch.stack([note.made_flicker_db for note in notes])
    off = (flickers - torch.stack([note.real_flicker_db for note in notes])).abs()
    less = with_interval(100.0 * (first - told[0]))
    cells = [with_interval(100.0 * told[0]), less, with_interval(told[1]), with_interval(flickers), with_interval(off)]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--notes", type=int, default=96, help="of the test split, spread over it")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=150)
    given = parser.parse_args()
    torch.set_num_threads(1)
    clip = load_model(given.runs[0] / "checkpoints" / "best.ckpt").clip
    notes, first = spread(tested_notes(NSynth(clip, str(given.release))), given.notes), None
    for run in given.runs:
        found = heard_of(run, notes)
        kept = [note for note in found if len(note.real)]
        told = told_apart(kept, given.folds, given.seeds, given.steps)
        if first is None:
            first = told[0]
            recorded = torch.stack([note.real_flicker_db for note in kept])
            print(f"{len(kept)} notes, {sum(len(note.real) for note in kept)} patches of each kind; the noise of the")
            print(f"recordings flickers by {with_interval(recorded)} dB.\n\n{HEADER}", flush=True)
        print(row(run.name, kept, told, first), flush=True)


if __name__ == "__main__":
    main()
