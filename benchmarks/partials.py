"""What a network gets wrong of partials, and what it costs control: runs side by side.

    python -m benchmarks.partials RELEASE RUN [RUN ...] [--more RELEASE] [--notes 96] [--visqol 48] [--turned 24]

RELEASE is the NSynth release that the runs were trained on: its test notes are judged in two groups, of instruments
that training heard and of others. Of --more, another release, every note is judged. Nothing is turned; all is measured
where the recording sounds (docs/quality.md). The harmonic error is that of partials within 40 dB of the strongest. The
last figures are the bare decoder's error of turned knobs on some test notes, in least audible differences, over the
requests that some sound meets (benchmarks.recipes), F-RAVE's score, and what a fresh probe reads off the residual of
all test notes beyond what pitch says. Means come with their 95 % interval over notes.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.exact_requests import spread, tested_notes
from benchmarks.faithful import with_interval
from benchmarks.recipes import frave_score, turned_errors
from datamodules import NSynth
from evaluation.disentanglement import Leakage, measure_leakage
from evaluation.disentanglement.codes import Rows, usable_rows
from evaluation.resynthesis import MagnitudeSNR, MultiResolutionSTFT, Pair, ViSQOL
from evaluation.resynthesis.reconstruction import CentroidL1
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from synths import Clip, ClipFormat
from synths.fitting import partials_heard
from synths.signal import hz_to_midi

WITHIN_DB = 40.0
QUALITY = (MultiResolutionSTFT, MagnitudeSNR, CentroidL1)
HEADER = (
    "| run | notes | MSS | magnitude SNR, dB | centroid, semitones | partials, dB | ViSQOL |\n"
    "|---|---|---|---|---|---|---|"
)
CONTROL_HEADER = (
    "| run | error of the turned knob, JND | 95th percentile | F-RAVE score | leakage | beyond pitch |\n"
    "|---|---|---|---|---|---|"
)


def harmonic_error_db(target: Tensor, output: Tensor, f0_hz: Tensor, sounding: Tensor, clip: ClipFormat) -> Tensor:
    """Mean distance of the levels of partials, those within 40 dB of their frame's strongest.

    Args:
        target: (1, N)
        output: (1, N)
        f0_hz: (1, F) pitch in Hz
        sounding: (1, F) 1 where the target sounds
        clip: their format

    Returns:
        () in dB
    """
    n_partials = int(clip.nyquist_hz / 80.0)
    wanted, got = (partials_heard(audio, f0_hz, clip, n_partials).clamp_min(1e-8) for audio in (target, output))
    strongest = wanted.amax(-1, keepdim=True)
    counts = (wanted > strongest * 10.0 ** (-WITHIN_DB / 20.0)) & (sounding[..., None] > 0)
    return 20.0 * (got / wanted).log10().abs()[counts].mean()


def judged(model: TimbreAutoencoder, note: Clip, with_visqol: bool) -> Tensor:
    """(5,) figures of a note, as HEADER has them; no number for ViSQOL where it is not wanted."""
    torch.manual_seed(0)
    output, sure = model(note.audio, note.f0_hz).audio, torch.ones_like(note.f0_hz)
    pair = Pair(note.audio, output, note.f0_hz, note.f0_hz, sure, sure)
    figures = [metric(model.clip)(pair).mean() for metric in QUALITY]
    sounding = model.encoder.sounding(note.audio)
    figures.append(harmonic_error_db(note.audio, output, note.f0_hz, sounding, model.clip))
    figures.append(ViSQOL(model.clip)(pair).mean() if with_visqol else torch.tensor(torch.nan))
    return torch.stack([figure.double() for figure in figures])


def groups_of(notes: Sequence[Clip], release: Path) -> dict[str, list[Clip]]:
    """Test notes of instruments that training heard, the flutes among them, and of others."""
    named = json.loads((release / "nsynth-train" / "examples.json").read_text())
    heard = {note["instrument_str"] for note in named.values()}
    groups: dict[str, list[Clip]] = {"heard": [], "not heard": []}
    for note in notes:
        groups["heard" if note.name[0].rsplit("-", 2)[0] in heard else "not heard"].append(note)
    flutes = [note for note in groups["heard"] if note.name[0].startswith("flute")]
    return groups | ({"flutes": flutes} if flutes else {})


@torch.no_grad()
def quality_rows(run: Path, groups: Mapping[str, Sequence[Clip]], n_visqol: int) -> Iterator[str]:
    """A line per group of notes, as they come."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    for name, notes in groups.items():
        sampled = {note.name[0] for note in spread(notes, n_visqol)} if n_visqol else set()
        figures = torch.stack([judged(model, note, note.name[0] in sampled) for note in notes])
        cells = [with_interval(column[column.isfinite()]) if column.isfinite().any() else "–" for column in figures.mT]
        yield f"| {run.name} | {name}, {len(notes)} | {' | '.join(cells)} |"


@torch.no_grad()
def control_row(run: Path, turned: Sequence[Clip], notes: Sequence[Clip]) -> str:
    """The bare decoder's knobs on some notes; leakage of all."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    off, _ = turned_errors(model, turned, run.parent / ".reachable")
    control = f"{off.mean():.3f} | {off.quantile(0.95):.2f} | {frave_score(model, turned):.4f}"
    found = leakage(model, notes)
    each = ((part.value[-1], part.low[-1], part.high[-1]) for part in (found.residual, found.beyond_pitch))
    leaked = " | ".join(f"{value:.2f} ({low:.2f}–{high:.2f})" for value, low, high in each)
    return f"| {run.name} | {control} | {leaked} |"


def leakage(model: TimbreAutoencoder, notes: Sequence[Clip]) -> Leakage:
    """What probes read off the residual, a note's partials included, in frames that sound."""
    parts = []
    for index, note in enumerate(notes):
        encoding, every = model.encoder(note.audio, note.f0_hz), model.encoder.judged_every
        heard = model.encoder.sounding(note.audio, every)[0].bool()
        values = (
            encoding.residual[0],
            encoding.controls[0],
            hz_to_midi(note.f0_hz)[0],
            torch.full_like(note.f0_hz[0], index),
        )
        parts.append([value[::every][heard].double().numpy() for value in values])
    residual, knobs, f0_midi, group = (np.concatenate(column) for column in zip(*parts, strict=True))
    rows = usable_rows(Rows(np.column_stack([knobs, residual]), residual, knobs, f0_midi, group))
    return measure_leakage(rows.residual, rows.factors, rows.f0_midi, rows.groups)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--more", type=Path, help="another release, all of whose test notes are judged")
    parser.add_argument("--notes", type=int, default=96, help="of the test split, spread over it")
    parser.add_argument("--visqol", type=int, default=48, help="of each group; 0 leaves ViSQOL out")
    parser.add_argument("--turned", type=int, default=24, help="whose knobs are turned; 0 turns none")
    given = parser.parse_args()
    torch.set_num_threads(1)
    clip = load_model(given.runs[0] / "checkpoints" / "best.ckpt").clip
    notes = tested_notes(NSynth(clip, str(given.release)))
    groups = groups_of(spread(notes, given.notes), given.release)
    if given.more:
        groups["more"] = tested_notes(NSynth(clip, str(given.more), pitch_tolerance_cents=None))
    print(HEADER, flush=True)
    for run in given.runs:
        for line in quality_rows(run, groups, given.visqol):
            print(line, flush=True)
    if given.turned:
        print(f"\n{CONTROL_HEADER}", flush=True)
        for run in given.runs:
            print(control_row(run, spread(notes, given.turned), notes), flush=True)


if __name__ == "__main__":
    main()
