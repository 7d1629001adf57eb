"""Exact knobs live: how far the sound is from what was asked when no frame knows what comes, and what it costs.

    python -m benchmarks.live RELEASE RUN ... [--notes 24] [--frames 2] [--cost]

The requests are those of `benchmarks.exact`, reachable within 1. Beside the errors of the mean, those of the frames by
themselves (judged frames that sound, turned knob), and the mean spectral flux of the sounds that nothing was asked of.
With `--cost` the instrument is exported and timed in ONNX Runtime, one thread, open and exact in turns.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.exact_requests import HEADER, Met, NoteRequests, judge, reachable, requests, row, spread, tested_notes
from datamodules import NSynth
from instrument.instrument import Instrument
from instrument.onnx_export import export_onnx, median_block_s
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.live import Live
from projection import Target
from synths import SpectralFlux, sounding_mean


class Frames(NamedTuple):
    """R requests on one note: tolerances that the turned knob's frames are off (R,), flux of the unturned sound."""

    off: Tensor
    flux: float


def frames(model: TimbreAutoencoder, asked: NoteRequests, audio: Tensor) -> Frames:
    """Look at every judged frame."""
    target, every = Target(list(model.encoder.each_descriptor())), model.encoder.judged_every
    heard = target.of_sound(audio, asked.f0_hz, every)
    off = (heard - asked.encoding.controls[:, ::every]).abs() / target.tolerance(asked.positions)[:, None]
    turned = sounding_mean(off, asked.sounding)[:-1][asked.turned[:-1]]
    flux = SpectralFlux(model.clip).measure(audio[-1:], asked.f0_hz[-1:])[..., None]
    return Frames(turned, float(sounding_mean(flux, asked.sounding[-1:], every)))


def cost(model: TimbreAutoencoder, block_frames: int) -> str:
    """CPU seconds per second of sound in ONNX Runtime, one thread."""
    block_s = block_frames * model.clip.hop / model.clip.sample_rate
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.onnx" for name in ("open", "exact")}
        for name, path in paths.items():
            export_onnx(Instrument(model, exact=name == "exact"), path, block_frames)
        spent = {name: [] for name in paths}
        for _ in range(5):
            for name, path in paths.items():
                spent[name].append(median_block_s(path, 60) / block_s)
    least = ", ".join(f"{name} {sorted(values)[2]:.3f} (least {min(values):.3f})" for name, values in spent.items())
    return f"Of real time in blocks of {1e3 * block_s:.0f} ms: {least}."


@torch.no_grad()
def report(run: Path, release: Path, n_notes: int) -> str:
    """Tables of one run."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    data = NSynth(model.clip, str(release))
    asked = [requests(model, note) for note in spread(tested_notes(data), n_notes)]
    ways: dict[str, Callable] = {"open": model.put_together, "live": Live(model)}
    met: dict[str, list[Met]] = {name: [] for name in ways}
    looked: dict[str, list[Frames]] = {name: [] for name in ways}
    for each in asked:
        for name, way in ways.items():
            torch.manual_seed(0)
            heard: list[Tensor] = []
            met[name].append(judge(model, each, lambda which, way=way, heard=heard: _kept(way, which, heard)))
            looked[name].append(frames(model, each, heard[0]))
    counted, _ = reachable(model, asked, list(met.values()), run.parent / ".reachable")
    seconds = sum(len(each.f0_hz) for each in asked) * model.clip.duration_s
    lines = [
        f"{run.name}: {len(asked)} notes, {len(counted)} requests, {int(counted.sum())} of them reachable.",
        "",
        HEADER,
        *(row(name, each, asked, counted, seconds) for name, each in met.items()),
        "",
        "| | turned, median | frames, mean | frames, median | flux, unturned |",
        "|---|---|---|---|---|",
        *(_frame_row(name, met[name], looked[name], asked, counted) for name in ways),
    ]
    return "\n".join(lines)


def _kept(way: Callable, asked: NoteRequests, heard: list[Tensor]) -> Tensor:
    heard.append(way(asked.f0_hz, asked.encoding).audio)
    return heard[0]


def _frame_row(
    name: str, met: Sequence[Met], looked: Sequence[Frames], asked: Sequence[NoteRequests], counted: Tensor
) -> str:
    turned = torch.cat([each.turned[:-1] for each in asked])[counted]
    own = torch.cat([each.off[:-1] for each in met])[counted][turned].abs()
    off = torch.cat([each.off for each in looked])[counted]
    flux = sum(each.flux for each in looked) / len(looked)
    return f"| {name} | {own.median():.3f} | {off.mean():.2f} | {off.median():.2f} | {flux:.3f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--notes", type=int, default=24, help="of the test split, spread over it")
    parser.add_argument("--frames", type=int, default=2, help="per block, where the cost is measured")
    parser.add_argument("--cost", action="store_true", help="export both instruments and time them")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for run in given.runs:
        print(report(run, given.release, given.notes), flush=True)
        if given.cost:
            print("\n" + cost(load_model(run / "checkpoints" / "best.ckpt"), given.frames), flush=True)


if __name__ == "__main__":
    main()
