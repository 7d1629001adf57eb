"""What a training costs on a cluster: counted work of one step, against what GPUs can do; files and bytes as they lie.

    python -m benchmarks.cluster_hours RELEASE RUN [--steps 30000] [--points 45] [--batch 8 32]

No GPU is needed, and none is timed. One step of `descriptor_nsynth` is run with every operation of PyTorch counted:
floating-point operations (matrix products, convolutions and FFTs; the oscillator by hand), bytes that operations read
and write, and how many are launched. From these come two ends between which a GPU's time per step should lie:

What a CPU does in portions that fit its cache is counted in one, as a GPU does it.

- at least: the larger of operations / peak and bytes / bandwidth, and 5 µs per launch, which nothing hides;
- at most: operations at a third of peak, plus bytes at half of the bandwidth, plus 15 µs per launch.

Sizes and numbers of files are those of RELEASE (an NSynth-layout release that was prepared) and RUN (tested), scaled to
all of NSynth.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measure import cpu_s
from benchmarks.parts import pitches
from benchmarks.step import step
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.losses import multi_resolution
from synths import Clip, noise
from synths.descriptors import descriptor
from synths.descriptors.hearing import channel_envelopes
from timbre.configured import ModelAlone

EXPERIMENT = Path(__file__).parents[1] / "configs" / "experiments" / "descriptor_nsynth.yaml"
N_NOTES = 305_979
"""NSynth has so many."""
OSCILLATOR = 60
"""Operations per partial and sample: phase, sine, two products and their slopes backwards."""
VIEWS = (
    *("view", "reshape", "expand", "slice", "select", "permute", "transpose", "t.", "detach", "unsqueeze", "squeeze"),
    *("as_strided", "alias", "split", "unbind", "real", "_conj", "empty", "is_", "size", "stride", "sym_"),
)
"""Operations that launch nothing."""


class Gpu(NamedTuple):
    """A GPU, or the part of one: peak float32 operations and bytes per second, and where it is."""

    operations: float
    bytes: float
    clusters: str


GPUS = {
    "H100": Gpu(67e12, 3.35e12, "Fir, Nibi, Rorqual, Trillium, Killarney, tamIA"),
    "H100 2g.20gb": Gpu(2 / 7 * 67e12, 2 / 8 * 3.35e12, "Fir, Nibi, Rorqual"),
    "A100": Gpu(19.5e12, 1.56e12, "Narval"),
    "A100 2g.10gb": Gpu(2 / 7 * 19.5e12, 2 / 8 * 1.56e12, "Narval"),
    "L40S": Gpu(91.6e12, 0.864e12, "Killarney, Vulcan"),
    "H200": Gpu(67e12, 4.8e12, "tamIA"),
}
"""Makers' figures, without tensor cores."""


class StepWork(NamedTuple):
    """What one step does: floating-point operations, bytes moved, operations launched, CPU seconds here."""

    operations: float
    bytes: float
    launches: int
    cpu_s: float


class Moved(TorchDispatchMode):
    """Counts launches, bytes that they read and write, and FFTs, which PyTorch's own counter leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.launches, self.bytes, self.fft_operations = 0, 0, 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run it and count."""
        result = func(*args, **(kwargs or {}))
        name = func.name().removeprefix("aten::")
        if not name.startswith(VIEWS):
            self.launches += 1
            touched = [*_tensors(args), *_tensors(result)]
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in touched)
            if name.startswith("_fft"):
                longest = max(touched, key=lambda tensor: tensor.numel())
                self.fft_operations += 2.5 * longest.numel() * math.log2(max(longest.shape[-1], 2))
        return result


@contextmanager
def _in_one_portion() -> Iterator[None]:
    with (
        patch.dict(noise._CHUNK_SAMPLES, clear=True),
        patch.dict(multi_resolution._CHUNK_SAMPLES, clear=True),
        patch.dict(channel_envelopes._STEP, clear=True),
        patch.object(descriptor, "_FRAMES_TOGETHER", 1 << 30),
    ):
        yield


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _tensors(inner)


def work(batch_size: int) -> StepWork:
    """Count one step of the experiment."""
    model: TimbreAutoencoder = ModelAlone("fit", ["-c", str(EXPERIMENT)]).model
    f0_hz = pitches(batch_size, model.clip.n_frames, 70.0, 700.0)
    audio = 0.1 * torch.randn(batch_size, model.clip.n_samples)
    batch = Clip(audio, f0_hz, torch.ones_like(f0_hz), [""] * batch_size, {})
    once = step(model, batch, knobs=True, bf16=False)
    once()
    with FlopCounterMode(display=False) as counted, Moved() as moved, _in_one_portion():
        once()
    n_partials = next(int(part.n_harmonics) for part in model.synth.parts if hasattr(part, "n_harmonics"))
    oscillator = OSCILLATOR * 2 * batch_size * n_partials * model.clip.n_samples  # as it is, and with knobs turned
    operations = counted.get_total_flops() + moved.fft_operations + oscillator
    seconds = sorted(cpu_s({"step": once}, 3)["step"])[1]
    return StepWork(operations, moved.bytes, moved.launches, seconds)


def bounds_s(done: StepWork, gpu: Gpu) -> tuple[float, float]:
    """Seconds of one step on a GPU: at least, at most."""
    least = max(done.operations / gpu.operations, done.bytes / gpu.bytes, 5e-6 * done.launches)
    most = 3 * done.operations / gpu.operations + 2 * done.bytes / gpu.bytes + 15e-6 * done.launches
    return least, most


def hours_table(works: dict[int, StepWork], n_steps: int, n_points: int) -> str:
    """GPU hours of a run and of a sweep per GPU and batch size, in markdown."""
    lines = [
        "| GPU | clusters | clips per step | ms per step | one run, GPU hours | sweep, GPU hours |",
        "|---|---|---|---|---|---|",
    ]
    for name, gpu in GPUS.items():
        for batch_size, done in works.items():
            ends = bounds_s(done, gpu)
            per_step, run, sweep = (
                "–".join(f"{scale * end:.2g}" if scale * end < 10 else f"{scale * end:.0f}" for end in ends)
                for scale in (1e3, n_steps / 3600, n_points * n_steps / 3600)
            )
            lines.append(f"| {name} | {gpu.clusters} | {batch_size} | {per_step} | {run} | {sweep} |")
    return "\n".join(lines)


def storage_table(release: Path, run: Path, n_points: int) -> str:
    """Bytes and files of prepared data and of runs, in markdown."""
    splits = [folder for folder in release.iterdir() if folder.name.startswith("nsynth-")]
    n_here = sum(1 for split in splits for _ in (split / "audio").glob("*.wav"))
    prepared, n_prepared = _size(release / ".timbre")
    kept, n_kept = _size(run)
    rows = [
        ("prepared, all of NSynth", prepared / n_here * N_NOTES, f"{n_prepared} for {n_here} notes here"),
        ("a run, tested", kept, str(n_kept)),
        (f"{n_points} runs", n_points * kept, str(n_points * n_kept)),
    ]
    lines = ["| | GB | files |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {size / 1e9:.3g} | {files} |" for name, size, files in rows)])


def _size(folder: Path) -> tuple[int, int]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files), len(files)


def main(arguments: Sequence[str] | None = None) -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=30000)
    parser.add_argument("--points", type=int, default=45)
    parser.add_argument("--batch", type=int, nargs="+", default=[8, 32])
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    works = {size: work(size) for size in given.batch}
    for size, done in works.items():
        counted = f"{done.operations / 1e9:.1f} GFLOP, {done.bytes / 1e9:.2f} GB moved, {done.launches} launches"
        print(f"{size} clips: {counted}, {done.cpu_s:.2f} CPU s on one thread here.")
    print(
        f"\n{hours_table(works, given.steps, given.points)}\n\n{storage_table(given.release, given.run, given.points)}"
    )


if __name__ == "__main__":
    main()
