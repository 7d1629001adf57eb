"""Between floor and ceiling: the network, a heterodyne alone, a fit of the same synth, and two noise seeds of that fit.

    python -m benchmarks.ceiling RUN DATA [--notes 48] [--visqol 48] [--steps 15]

RUN is a folder of `timbre fit`; DATA an NSynth release, whose test notes are taken, or a folder of sound files. Figures
as `timbre test` has them (docs/quality.md), with their 95 % interval over notes. The network's part is the share of
what it loses against two seeds that the fit does not lose. Heterodyne and fit are played with other noise than the fit
was made with, but for the row that says so. One thread, CPU time of the fit alone.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.exact_requests import notes_in, spread
from benchmarks.faithful import with_interval
from datamodules import TRACKERS
from evaluation.renderings import same_noise
from evaluation.resynthesis import (
    HarmonicError,
    LogSpectralDistance,
    MagnitudeSNR,
    Metric,
    MultiResolutionSTFT,
    ViSQOL,
    measure_notes,
)
from evaluation.resynthesis.between import network_share
from evaluation.resynthesis.fits import fitted_sounds
from evaluation.resynthesis.tracking import TrackedTarget
from lightning_modules.checkpoint import load_model
from lightning_modules.timbre_model import TimbreModel
from sounds.second_tracker import second_tracker
from synths import Clip
from synths.fitting import N_STEPS

QUALITY = (MultiResolutionSTFT, LogSpectralDistance, MagnitudeSNR, HarmonicError, ViSQOL)
ROWS = ("network", "heterodyne only", "fit", "fit, with the noise it was made with", "two noise seeds")
NETWORK, _, FITTED, _, SEEDS = ROWS
HEADER = "| | MSS | LSD, dB | magnitude SNR, dB | harmonic error, dB | ViSQOL |\n|---|---|---|---|---|---|"


def note_values(
    model: TimbreModel, metrics: Sequence[Metric], note: Clip, n_steps: int
) -> tuple[dict[str, list[float]], float]:
    """One note -> each row's figures, no number for those not among the metrics, and the CPU seconds of the fit."""
    with same_noise(model.device):
        network = model(note.audio, note.f0_hz).audio
    heterodyne, start = fitted_sounds(model.synth, note.audio, note.f0_hz, 0), time.process_time()
    fit = fitted_sounds(model.synth, note.audio, note.f0_hz, n_steps)
    fit_s = time.process_time() - start
    outputs = (network, heterodyne.first, fit.first, fit.with_own, fit.second)
    tracker, found = second_tracker(TRACKERS[0]()), {}
    for name, output in zip(ROWS, outputs, strict=True):
        target = TrackedTarget(tracker, fit.first if name == SEEDS else note.audio, note.f0_hz, model.clip)
        values = measure_notes(metrics, target.with_output(output), note.name)[0].values
        found[name] = [values.get(metric.name, np.nan) for metric in QUALITY]
    return found, fit_s


def table(values: dict[str, np.ndarray]) -> str:
    """(n, figures) values of each row -> the table, the network's part below, over the notes that have all three."""
    lines = [
        f"| {name} | {' | '.join(with_interval(torch.from_numpy(column[np.isfinite(column)])) for column in each.T)} |"
        for name, each in values.items()
    ]
    shares = []
    for columns in np.stack([values[name] for name in (NETWORK, FITTED, SEEDS)], axis=-1).transpose(1, 0, 2):
        share, low, high = network_share(columns[np.isfinite(columns).all(axis=1)])
        shares.append(f"{100 * share:.0f} % ({100 * low:.0f}–{100 * high:.0f})")
    return "\n".join([HEADER, *lines, f"| the network's part | {' | '.join(shares)} |"])


@torch.no_grad()
def report(run: Path, data: Path, n_notes: int, n_visqol: int, n_steps: int) -> str:
    """The table of one run, ViSQOL of fewer notes."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    notes = notes_in(data, model.clip, n_notes)
    metrics = [metric(model.clip) for metric in QUALITY]
    slow = {note.name[0] for note in spread(notes, n_visqol)}
    each = [note_values(model, metrics if note.name[0] in slow else metrics[:-1], note, n_steps) for note in notes]
    values = {name: np.array([found[name] for found, _ in each]) for name in ROWS}
    cost = sum(fit_s for _, fit_s in each) / len(each) / model.clip.duration_s
    length = f"{model.clip.duration_s:g} s, {len(slow)} of them for ViSQOL"
    said = f"{run.name} on {data.name}: {len(notes)} notes of {length}; a fit {cost:.2f} CPU s per s."
    return f"{said}\n\n{table(values)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--notes", type=int, default=48, help="spread over the data")
    parser.add_argument("--visqol", type=int, default=48, help="of them, those that ViSQOL judges")
    parser.add_argument("--steps", type=int, default=N_STEPS, help="of Adam")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(report(given.run, given.data, given.notes, given.visqol, given.steps))


if __name__ == "__main__":
    main()
