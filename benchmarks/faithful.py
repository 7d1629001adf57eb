"""Open, exact and faithful sounds side by side: how near to the recording at rest, and how well knobs are met.

    python -m benchmarks.faithful RELEASE RUN [--notes 12] [--steps 15] [--one-place] [--each]

RELEASE is an NSynth release, whose test notes are taken, or a folder of sound files; RUN a folder of `timbre fit`.
Quality is measured where the recording sounds (docs/quality.md), with nothing turned. Then each knob is asked to three
places (with --one-place to one of the three, by turns from note to note), the others where the recording has them,
what cannot be reached included; all is read on the sound, in least audible differences (JND; 5 % of the range where
there is none). "Reached" are the requests of which some way of the table brings every knob within 1. One thread, CPU
time; a fit alone, then with all that a request costs beside it. Means come with their 95 % interval over notes.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.exact_requests import Met, NoteRequests, judge, notes_in, requests
from evaluation.bootstrap import bootstrap_interval
from evaluation.resynthesis import MagnitudeSNR, MultiResolutionSTFT, Pair, ViSQOL
from lightning_modules.checkpoint import load_model
from lightning_modules.exact import Exact
from lightning_modules.faithful import fit_recording
from lightning_modules.timbre_model import TimbreModel
from synths import Clip
from synths.fitting import N_STEPS

POSITIONS = (0.3, 0.5, 0.7)
QUALITY = (MultiResolutionSTFT, MagnitudeSNR, ViSQOL)
HEADER = (
    "| | MSS | magnitude SNR, dB | ViSQOL | turned knob: mean | median | within 1 | mean of the reached | held: mean | "
    "median | at rest: mean | CPU s per s, of which fit |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
)


class NoteWay(NamedTuple):
    """What one way of rendering did with the requests to a note, and the CPU seconds of the fit before."""

    met: Met
    fit_s: float


def ways(model: TimbreModel, note: Clip, asked: NoteRequests, n_steps: int) -> dict[str, NoteWay]:
    """One note in each way."""
    exact, start = Exact(model), time.process_time()
    torch.manual_seed(0)
    fit = fit_recording(model, note.audio, note.f0_hz, model.encoder(note.audio, note.f0_hz), n_steps)
    fit_s = time.process_time() - start
    faithful = Exact(model, fit=fit)
    each: dict[str, Callable[[NoteRequests], Tensor]] = {
        "open": lambda which: model.put_together(which.f0_hz, which.encoding).audio,
        "exact": lambda which: exact(which.f0_hz, which.encoding, which.sounding, which.turned).audio,
        "faithful": lambda which: faithful(which.f0_hz, which.encoding, which.sounding, which.turned).audio,
    }
    done = {}
    for name, put_together in each.items():
        torch.manual_seed(0)
        done[name] = NoteWay(judge(model, asked, put_together), fit_s if name == "faithful" else 0.0)
    return done


def quality(model: TimbreModel, note: Clip, unturned: Tensor) -> Tensor:
    """(3,) figures of a note whose knobs are not turned, (1, N)."""
    sure = torch.ones_like(note.f0_hz)
    pair = Pair(note.audio, unturned, note.f0_hz, note.f0_hz, sure, sure)
    return torch.stack([metric(model.clip)(pair).mean() for metric in QUALITY])


def row(
    name: str,
    each: Sequence[NoteWay],
    figures: Tensor,
    asked: Sequence[NoteRequests],
    reached: Sequence[Tensor],
    duration_s: float,
) -> str:
    """One line of the table: (n, 3) figures of quality, and what became of the requests, (R,) of which were reached."""
    off = [way.met.off[:-1].abs() for way in each]
    turned = [which.turned[:-1] for which in asked]
    own = [values[where] for values, where in zip(off, turned, strict=True)]
    held = [values[~where] for values, where in zip(off, turned, strict=True)]
    rest = [way.met.off[-1].abs() for way in each]
    of_reached = torch.cat([values[where] for values, where in zip(own, reached, strict=True)])
    fit_s = sum(way.fit_s for way in each) / len(each) / duration_s
    request_s = sum(way.met.cpu_s / len(way.met.off) for way in each) / len(each) / duration_s
    return (
        f"| {name} | {' | '.join(with_interval(values) for values in figures.mT)} | {with_interval(means(own))} | "
        f"{torch.cat(own).quantile(0.5):.3f} | {100.0 * (torch.cat(own) <= 1.0).double().mean():.0f} % | "
        f"{of_reached.mean():.3f} | {with_interval(means(held))} | {torch.cat(held).quantile(0.5):.3f} | "
        f"{with_interval(means(rest))} | {fit_s + request_s:.3f}, {fit_s:.3f} |"
    )


def reached_by_some(ways_of_note: dict[str, NoteWay]) -> Tensor:
    """(R,) True for the requests to a note of which some way brings every knob within 1."""
    worst = torch.stack([way.met.off[:-1].abs().amax(1) for way in ways_of_note.values()])
    return (worst <= 1.0).any(0)


def means(notes: Sequence[Tensor]) -> Tensor:
    """(n,) mean of each note."""
    return torch.stack([values.mean() for values in notes])


def with_interval(values: Tensor) -> str:
    """Mean of (n,) notes and its interval."""
    low, high = bootstrap_interval(values.double().numpy(), "mean")
    return f"{values.nanmean():.3g} ({low:.3g}–{high:.3g})"


@torch.no_grad()
def report(run: Path, release: Path, n_notes: int, n_steps: int, one_place: bool, each_note: bool) -> str:
    """The table of one run."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    found = notes_in(release, model.clip, n_notes)
    places = [(POSITIONS[index % len(POSITIONS)],) if one_place else POSITIONS for index in range(len(found))]
    asked = [requests(model, note, where) for note, where in zip(found, places, strict=True)]
    done = [ways(model, note, which, n_steps) for note, which in zip(found, asked, strict=True)]
    reached = [reached_by_some(note) for note in done]
    lines, notes = [], []
    for name in done[0]:
        each = [note[name] for note in done]
        figures = torch.stack([quality(model, note, way.met.unturned) for note, way in zip(found, each, strict=True)])
        lines.append(row(name, each, figures, asked, reached, model.clip.duration_s))
        notes += [f"{note.name[0]} {name}: {said(values)}" for note, values in zip(found, figures, strict=True)]
    n_requests, n_reached = sum(len(which.turned) - 1 for which in asked), sum(int(each.sum()) for each in reached)
    begin = f"{run.name}: {len(found)} notes, {n_requests} requests, {n_reached} of them reached by some way."
    return "\n".join([begin, "", HEADER, *lines, *(["", *sorted(notes)] if each_note else [])])


def said(figures: Tensor) -> str:
    """(3,) figures of quality of one note in words."""
    return f"MSS {figures[0]:.2f}, magnitude SNR {figures[1]:.1f} dB, ViSQOL {figures[2]:.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--notes", type=int, default=12, help="spread over the test split")
    parser.add_argument("--steps", type=int, default=N_STEPS, help="of Adam; 0 is heterodyne alone")
    parser.add_argument("--one-place", action="store_true", help="one request to each knob of a note, not three")
    parser.add_argument("--each", action="store_true", help="a line per note too")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(report(given.run, given.release, given.notes, given.steps, given.one_place, given.each))


if __name__ == "__main__":
    main()
