"""Ratios that a shared and noisy machine cannot bend far: CPU time, side by side, interleaved, medians."""

import ctypes
import gc
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Call = Callable[[], object]


def cpu_s(calls: Mapping[str, Call], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of the process per call and round, every call twice per round, of which the second is timed.

    A step of training follows a step like it: the call before leaves the memory as this one wants it, not as the other
    side left it.
    """
    return _timed(calls, rounds, time.process_time)


def wall_s(calls: Mapping[str, Call], rounds: int) -> dict[str, list[float]]:
    """Seconds on the clock, where threads are to be seen; noisier."""
    return _timed(calls, rounds, time.perf_counter)


def _timed(calls: Mapping[str, Call], rounds: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()
            start = clock()
            call()
            taken[name].append(clock() - start)
    return taken


def times_faster(taken: Mapping[str, list[float]], slow: str, fast: str) -> float:
    """Median over rounds of how many times longer `slow` took than `fast` in the same round."""
    return statistics.median(a / b for a, b in zip(taken[slow], taken[fast], strict=True))


def peak_mib(call: Call) -> float | None:
    """How far one warm call raises the process's resident memory, in MiB; None where Linux's /proc is not there."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not clear.exists():
        return None
    call()
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    clear.write_text("5")
    before = _field_kib(status, "VmRSS")
    call()
    return max(0.0, (_field_kib(status, "VmHWM") - before) / 1024)


def _field_kib(status: Path, field: str) -> int:
    line = next(line for line in status.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])
