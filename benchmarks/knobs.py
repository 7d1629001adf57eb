"""What the knobs cost in training: their part of a step of the default format, and what threads bring them.

Eight clips of 4 s at 16 kHz in frames of 10 ms, the default synth and decoder.

    python -m benchmarks.knobs [--rounds 3] [--threads N]
"""

import argparse
import math
import os
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Literal

import torch
from torch import Tensor

from benchmarks.measure import Call, cpu_s, times_faster, wall_s
from benchmarks.parts import pitches
from benchmarks.step import step
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import DEFAULT_KNOBS, DescriptorEncoder
from synths import Clip, ClipFormat, Descriptor, Recipe, Roughness, measure_all
from synths.oscillator import oscillator_bank

Knobs = tuple[Recipe[Descriptor], ...]

N_CLIPS, GOAL = 8, 0.15
DEFAULT_NAME = f"the {len(DEFAULT_KNOBS)} default knobs"
SETS: dict[str, Knobs] = {
    DEFAULT_NAME: DEFAULT_KNOBS,
    "and roughness": (*DEFAULT_KNOBS, Roughness),
    "and roughness of 4 frames a clip": (*DEFAULT_KNOBS, partial(Roughness, n_frames=4)),
}


def notes(clip: ClipFormat, n_clips: int = N_CLIPS) -> tuple[Tensor, Tensor]:
    """(B, N) dying harmonic notes with noise, and their (B, F) pitch from 110 to 880 Hz."""
    f0_hz = pitches(n_clips, clip.n_frames, 110.0, 880.0)
    dying = torch.linspace(0.0, -3.0, clip.n_frames).exp()
    amplitudes = dying[:, None] / torch.arange(1, 31)
    audio = oscillator_bank(f0_hz, amplitudes.expand(n_clips, -1, -1).contiguous(), clip.hop, clip.sample_rate)
    return 0.1 * audio + 1e-3 * torch.randn_like(audio), f0_hz


def measuring(knobs: Knobs, clip: ClipFormat, audio: Tensor, f0_hz: Tensor, backward: bool) -> Call:
    """A call measures (B, N) audio, and takes the gradient if `backward`."""
    descriptors = [knob(clip) for knob in knobs]

    def call() -> None:
        with torch.set_grad_enabled(backward):
            sound = audio.clone().requires_grad_(backward)
            means = torch.stack([values.mean() for values in measure_all(descriptors, sound, f0_hz)])
        if backward:
            torch.autograd.grad(means.sum(), sound)

    return call


def in_step(model: TimbreAutoencoder, batch: Clip) -> Call:
    """What `knob_terms` measures: the recording; then the resynthesis and the turned clips, with their gradients."""
    n_turned = math.ceil(model.turned.share * len(batch.audio))
    renderings = [_as_rendered(model, batch, n) for n in (len(batch.audio), n_turned)]

    def call() -> None:
        every = model.encoder.judged_every
        model.encoder.knob_positions(batch.audio, batch.f0_hz)
        model.encoder.sounding(batch.audio, every)
        for rendering in renderings:
            measured = model.measured_positions(rendering, batch.f0_hz[: len(rendering.audio)], every).mean()
            torch.autograd.grad(measured, [rendering.audio, *rendering.parameters.values()], allow_unused=True)

    return call


def _as_rendered(model: TimbreAutoencoder, batch: Clip, n_clips: int) -> Rendering:
    """A resynthesis of the first clips, cut off from the network that made it."""
    with torch.no_grad():
        rendering = model(batch.audio[:n_clips], batch.f0_hz[:n_clips])
    parameters = {name: value.requires_grad_() for name, value in rendering.parameters.items()}
    return rendering._replace(audio=rendering.audio.requires_grad_(), parameters=parameters)


def step_table(rounds: int) -> str:
    """What the knobs add to a training step, in markdown."""
    clip = ClipFormat()
    audio, f0_hz = notes(clip)
    batch = Clip(audio, f0_hz, torch.ones_like(f0_hz), [""] * N_CLIPS, {})
    lines = ["| knobs | measured on the | in a step, CPU ms | the whole step | their part | goal |", "|---" * 6 + "|"]
    measured: list[tuple[str, Literal["sound", "layers"]]] = [(name, "sound") for name in SETS]
    for name, source in (*measured, (DEFAULT_NAME, "layers")):
        recipe = partial(DescriptorEncoder, descriptors=SETS[name])
        model = TimbreAutoencoder(clip, encoder=recipe, knobs_from=source)
        whole = step(model, batch, knobs=True, bf16=False)
        taken = cpu_s({"knobs": in_step(model, batch), "step": whole}, rounds)
        part = 1.0 / times_faster(taken, "step", "knobs")
        spent = [f"{1000 * median(taken[what]):.0f}" for what in ("knobs", "step")]
        goal = f"< {GOAL:.0%}, {'met' if part < GOAL else '**missed**'}"
        lines.append(f"| {name} | {source} | {' | '.join(spent)} | {part:.0%} | {goal} |")
    return "\n".join(lines)


def threads_table(threads: int, rounds: int) -> str:
    """Speed on the clock with all threads as a multiple of one thread's; only an idle machine shows it."""
    clip = ClipFormat()
    audio, f0_hz = notes(clip)
    before = torch.get_num_threads()
    lines = [f"| {N_CLIPS} clips, measured with gradient | {threads} threads against one |", "|---|---|"]
    for name, knobs in SETS.items():
        call = measuring(knobs, clip, audio, f0_hz, backward=True)
        taken = wall_s({str(count): _with_threads(count, call) for count in (1, threads)}, rounds)
        lines.append(f"| {name} | {min(taken['1']) / min(taken[str(threads)]):.2f} × |")
    torch.set_num_threads(before)
    return "\n".join(lines)


def _with_threads(count: int, once: Callable[[], object]) -> Call:
    def call() -> None:
        torch.set_num_threads(count)
        once()

    return call


def table(rounds: int, threads: int | None = None) -> str:
    """Both tables, in markdown; `threads` is all cores if None."""
    return f"{step_table(rounds)}\n\n{threads_table(threads or os.cpu_count() or 1, rounds)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(table(given.rounds, given.threads))
