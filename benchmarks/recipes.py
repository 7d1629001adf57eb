"""Recipes of training, each with several seeds: how far the bare decoder misses a turned knob, and at what price.

    python -m benchmarks.recipes RELEASE RUNS [--recipe NAME [KEY=VALUE ...]] ... [--model descriptor] [--seeds 3]
                                              [--steps 800] [--notes 24]

RELEASE is the held-out split that the head-to-head made (OUT/release), RUNS gets the trainings; a recipe is settings of
the model's experiment, such as model.turned.share=1. What is trained is not trained again, an interrupted training goes
on. Each has one thread and the budget of the head-to-head. Errors are those of benchmarks.exact, without exact knobs;
MSS and F-RAVE's score are those of `timbre test`, its score over one pass.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.exact_requests import judge, reachable, requests, spread, tested_notes
from benchmarks.head_to_head import OURS, TrainingRun, train
from datamodules import NSynth
from evaluation.control import FraveProtocol, run_protocol
from evaluation.control.target_curves import curves_of, positions_of, resample_frames
from evaluation.resynthesis import Pair
from evaluation.resynthesis.spectral import MultiResolutionSTFT
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from synths import Clip


class JudgedTraining(NamedTuple):
    """What one training came to: errors of turned knobs in tolerances, of all and by knob; MSS; F-RAVE's score."""

    mean: float
    p95: float
    each: list[float]
    mss: float
    frave: float


def planned(recipes: Sequence[Sequence[str]], model: str, n_seeds: int) -> list[list[TrainingRun]]:
    """The trainings of each recipe, which is a name and settings.

    Raises:
        ValueError: a setting is no KEY=VALUE
    """
    all_runs = []
    for name, *settings in recipes:
        if wrong := [setting for setting in settings if "=" not in setting]:
            raise ValueError(f"--recipe {name}: {wrong[0]} is no KEY=VALUE, such as model.turned.share=1.")
        options = tuple(f"--{setting}" for setting in settings)
        all_runs.append([TrainingRun(model, seed, name, options) for seed in range(n_seeds)])
    return all_runs


@torch.no_grad()
def judged(run: Path, release: Path, n_notes: int) -> JudgedTraining:
    """Judge one training by the test notes."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    data = NSynth(model.clip, str(release))
    notes = tested_notes(data)
    some = spread(notes, n_notes)
    own, knob = turned_errors(model, some, run.parent / ".reachable")
    each = [float(own[knob == index].mean()) for index in range(len(model.encoder.knobs))]
    return JudgedTraining(
        float(own.mean()), float(own.quantile(0.95)), each, mss(model, notes), frave_score(model, some)
    )


def turned_errors(model: TimbreAutoencoder, notes: Sequence[Clip], memory: Path) -> tuple[Tensor, Tensor]:
    """How far each reachable request's turned knob is off, in tolerances, and which it is."""
    asked = [requests(model, note) for note in notes]
    met = []
    for each in asked:
        torch.manual_seed(0)
        met.append(judge(model, each, lambda which: model.put_together(which.f0_hz, which.encoding).audio))
    counted, _ = reachable(model, asked, [met], memory)
    turned = torch.cat([each.turned[:-1] for each in asked])[counted]
    off = torch.cat([each.off[:-1] for each in met])[counted].abs()
    return off[turned], turned.int().argmax(1)


def mss(model: TimbreAutoencoder, notes: Sequence[Clip]) -> float:
    """Distance of the resyntheses, no knob turned, from the recordings."""
    distance, values = MultiResolutionSTFT(model.clip), []
    torch.manual_seed(0)
    for note in notes:
        sure = torch.ones_like(note.f0_hz)
        sound = model(note.audio, note.f0_hz).audio
        values.append(distance(Pair(note.audio, sound, note.f0_hz, note.f0_hz, sure, sure)))
    return float(torch.cat(values).nanmean())


def frave_score(model: TimbreAutoencoder, notes: Sequence[Clip]) -> float:
    """F-RAVE's score over all knobs, all of which follow curves at once."""
    audio, f0_hz = (torch.cat([getattr(note, field) for note in notes]) for field in ("audio", "f0_hz"))
    encoder, protocol, n_frames = model.encoder, FraveProtocol(), f0_hz.shape[1]
    encoding = encoder(audio, f0_hz)

    def positions(sound: Tensor, pitch: Tensor) -> np.ndarray:
        measured = encoder.knob_positions(sound, pitch, encoder.every).transpose(1, 2)
        return curves_of(resample_frames(measured.double().numpy(), protocol.n_frames))

    def system(targets: np.ndarray, which: slice) -> np.ndarray:
        asked = torch.from_numpy(resample_frames(positions_of(targets), n_frames)).to(audio).transpose(1, 2)
        controls = torch.cat([asked, encoding.controls[which, :, asked.shape[-1] :]], dim=-1)
        turned = encoding._replace(controls=controls, residual=encoding.residual[which])
        return positions(model.put_together(f0_hz[which], turned).audio, f0_hz[which])

    heard = resample_frames(encoder.sounding(audio, encoder.judged_every).numpy(), protocol.n_frames) > 0.5
    followed = run_protocol(system, positions(audio, f0_hz), encoder.knobs, protocol, sounding=heard)
    return next(figure.value for figure in followed.figures() if figure.name == "frave_score" and not figure.knob)


def row(name: str, runs: Sequence[JudgedTraining]) -> str:
    """One line of the table: means over runs, and the mean error of each run."""
    means = [np.mean([getattr(run, field) for run in runs], axis=0) for field in JudgedTraining._fields]
    mean, p95, each, distance, frave = means
    seeds = ", ".join(f"{run.mean:.3f}" for run in runs)
    knobs = " | ".join(f"{value:.2f}" for value in each)
    return f"| {name} | {mean:.3f} ({seeds}) | {p95:.2f} | {knobs} | {distance:.4f} | {frave:.4f} |"


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--recipe", nargs="+", action="append", metavar=("NAME", "KEY=VALUE"), required=True)
    parser.add_argument("--model", choices=list(OURS), default="descriptor")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--notes", type=int, default=24, help="of the test split, spread over it")
    given = parser.parse_args()
    torch.set_num_threads(1)
    lines = []
    for runs in planned(given.recipe, given.model, given.seeds):
        for run in runs:
            if failed := train(run, given.release, given.runs, given.steps):
                raise SystemExit(failed)
        trained = [judged(given.runs / run.name, given.release, given.notes) for run in runs]
        for run, result in zip(runs, trained, strict=True):
            print(row(run.name, [result]), flush=True)
        lines.append(row(runs[0].recipe, trained))
    print("\n".join(["", *lines]))


if __name__ == "__main__":
    main()
