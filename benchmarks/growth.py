"""How the oscillator bank's time grows: with harmonics, length, clips and threads, forward and backward.

Each line is a ratio to its first column, so that 2 × the work reads 2 when time is proportional.

    python -m benchmarks.growth [--rounds 3]
"""

import argparse
from collections.abc import Callable

import torch

from benchmarks.baselines import plain_bank
from benchmarks.measure import cpu_s, times_faster, wall_s
from benchmarks.parts import pitches
from synths.oscillator import available_backends, oscillator_bank

SAMPLE_RATE, HOP = 16000, 64
HARMONICS, SECONDS, CLIPS, THREADS = (25, 50, 100, 200), (1, 2, 4, 8), (2, 4, 8, 16), (1, 2)


def work(backend: str, n_harmonics: int = 100, seconds: int = 4, n_clips: int = 8) -> Callable[[], object]:
    """Forward and backward of one bank; every partial is audible."""
    n_frames = seconds * SAMPLE_RATE // HOP
    low_hz = 0.35 * SAMPLE_RATE / 2 / n_harmonics
    f0_hz = pitches(n_clips, n_frames, low_hz, 1.5 * low_hz).requires_grad_()
    amplitudes = torch.rand(n_clips, n_frames, n_harmonics, requires_grad=True)

    def call() -> None:
        if backend == "plain":
            audio = plain_bank(f0_hz, amplitudes, HOP, SAMPLE_RATE)
        else:
            audio = oscillator_bank(f0_hz, amplitudes, HOP, SAMPLE_RATE, backend=backend)
        torch.autograd.grad(audio.sum(), [f0_hz, amplitudes])

    return call


def row(name: str, calls: dict[str, Callable[[], object]], rounds: int) -> str:
    """A line: the time of each call as a multiple of the first's."""
    taken = cpu_s(calls, rounds)
    first = next(iter(calls))
    grown = " | ".join(f"{times_faster(taken, label, first):.1f}" for label in calls)
    return f"| {name} | {grown} |"


def table(rounds: int) -> str:
    """The tables, in markdown."""
    lines = []
    for what, values, option in (
        ("harmonics K", HARMONICS, "n_harmonics"),
        ("seconds of sound", SECONDS, "seconds"),
        ("clips B", CLIPS, "n_clips"),
    ):
        lines += [f"| {what} | {' | '.join(map(str, values))} |", "|---" * (len(values) + 1) + "|"]
        for backend in ["plain", *available_backends()]:
            calls = {str(value): work(backend, **{option: value}) for value in values}
            lines.append(row(f"`{backend}`", calls, rounds))
        lines.append("")
    return "\n".join([*lines, threads_table(rounds)])


def threads_table(rounds: int) -> str:
    """Speed on the clock with more threads, as a multiple of one thread's; only an idle machine shows it."""
    lines = [f"| threads | {' | '.join(map(str, THREADS))} |", "|---" * (len(THREADS) + 1) + "|"]
    before = torch.get_num_threads()
    for backend in ["plain", *available_backends()]:
        once = work(backend)

        def with_threads(count: int, once: Callable[[], object] = once) -> Callable[[], object]:
            def call() -> None:
                torch.set_num_threads(count)
                once()

            return call

        taken = wall_s({str(count): with_threads(count) for count in THREADS}, rounds)
        faster = " | ".join(f"{min(taken['1']) / min(taken[str(count)]):.1f}" for count in THREADS)
        lines.append(f"| `{backend}` | {faster} |")
    torch.set_num_threads(before)
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    torch.set_num_threads(1)
    print(table(parser.parse_args().rounds))
