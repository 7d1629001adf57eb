"""The oscillator bank against the same sum in plain torch: time and memory, as ratios side by side in one run.

One thread, CPU time of the process, interleaved, medians. Work: 16 clips of 4 s at 16 kHz, 100 partials.

    python benchmarks/oscillator_bank.py [--rounds 5] [--clips 16]
"""

import argparse
import math
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date

import torch
from torch import Tensor

from synths.oscillator import oscillator_bank

SAMPLE_RATE, HOP, DURATION_S, N_HARMONICS = 16000, 160, 4.0, 100


def plain_bank(f0_hz: Tensor, amplitudes: Tensor, hop: int, sample_rate: int) -> Tensor:
    """The sum as it is usually written: every partial at every sample, phase accumulated in float32."""
    partial = torch.arange(1, amplitudes.shape[-1] + 1)
    amplitudes = amplitudes * (f0_hz[..., None] * partial < sample_rate / 2)
    f0_hz, amplitudes = _to_samples(f0_hz[..., None], hop), _to_samples(amplitudes, hop)
    phase = torch.cumsum(2 * math.pi * f0_hz / sample_rate, dim=1)
    return (amplitudes * torch.sin(phase * partial)).sum(-1)


def _to_samples(frames: Tensor, hop: int) -> Tensor:
    ends = torch.cat([frames, frames[:, -1:]], dim=1)
    weight = (torch.arange(hop) / hop)[:, None]
    return torch.lerp(ends[:, :-1, None], ends[:, 1:, None], weight).flatten(1, 2)


def inputs(n_clips: int, low_hz: float, high_hz: float) -> tuple[Tensor, Tensor]:
    """Steady pitches spread evenly over low..high, (B, F), and random amplitudes (B, F, K)."""
    n_frames = round(DURATION_S * SAMPLE_RATE / HOP)
    pitch_hz = torch.linspace(math.log(low_hz), math.log(high_hz), n_clips).exp()
    return pitch_hz[:, None].expand(-1, n_frames).contiguous(), torch.rand(n_clips, n_frames, N_HARMONICS)


def cpu_s(bank: Callable[..., Tensor], f0_hz: Tensor, amplitudes: Tensor, backward: bool) -> float:
    """CPU seconds of one forward pass, or forward and backward to amplitudes and pitch."""
    f0_hz, amplitudes = f0_hz.clone().requires_grad_(backward), amplitudes.clone().requires_grad_(backward)
    start = time.process_time()
    audio = bank(f0_hz, amplitudes, HOP, SAMPLE_RATE)
    if backward:
        torch.autograd.grad(audio.sum(), [f0_hz, amplitudes])
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=16)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{date.today()}  torch {torch.__version__}  {platform.machine()}, one thread, {given.clips} clips\n")
    print("| pitch | pass | plain torch (s) | ours (s) | ratio |\n|---|---|---|---|---|")
    for name, low_hz, high_hz in (("70-79 Hz, all partials sound", 70.0, 79.0), ("130-1050 Hz, music", 130.0, 1050.0)):
        f0_hz, amplitudes = inputs(given.clips, low_hz, high_hz)
        for backward in (False, True):
            both = [
                (cpu_s(plain_bank, f0_hz, amplitudes, backward), cpu_s(oscillator_bank, f0_hz, amplitudes, backward))
                for _ in range(given.rounds + 1)
            ][1:]  # the first round warms up
            plain, ours = (statistics.median(column) for column in zip(*both, strict=True))
            ratio = statistics.median(a / b for a, b in both)
            passes = "forward + backward" if backward else "forward"
            print(f"| {name} | {passes} | {plain:.2f} | {ours:.3f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
