"""After which times a sound repeats itself: the dips of YIN's function, in windows as long as the period asks."""

from typing import NamedTuple

import numba
import numpy as np
import soxr
from numba.extending import register_jitable
from scipy.fft import irfft, next_fast_len, rfft

MOST_DIPS = 5
"""Per window and frame; the best are kept."""

DOUBT = 0.005
"""A dip this deep is as good as any: twice as long a period must be better by more than noise."""

RATE_HZ = 16000
"""Sound is heard at this rate: what lies above 8 kHz says nothing of a pitch below 4 kHz that the rest does not."""

FRAMES_AT_ONCE = 32
SILENCE = 1e-4
MOVED = 1e-3
"""Where the sound has differed less than this from itself so far, it has not moved yet, and cannot have come back."""


class PeriodWindow(NamedTuple):
    """Sound of `length_s`, in which periods from `shortest_s` to `longest_s` are sought, in parts of a sample."""

    length_s: float
    shortest_s: float
    longest_s: float
    lags_per_sample: int


WINDOWS = (
    PeriodWindow(0.020, 1 / 8000, 0.004, 4),
    PeriodWindow(0.032, 0.003, 0.008, 4),
    PeriodWindow(0.056, 0.006, 0.016, 2),
    PeriodWindow(0.096, 0.012, 0.032, 2),
    PeriodWindow(0.130, 0.024, 0.050, 2),
)
"""High notes may be short, low ones need at least two and a half periods.

Periods are sought from 20 to 8000 Hz, beyond what counts as a pitch: what lies outside must be heard to be told apart
from its octaves inside. All windows hear the same band: in one where noise is less, twice the period would seem better.
"""

PER_WINDOW = 2.5
"""Windows overlap so many times at least; where frames are closer, some share theirs."""


class Dips(NamedTuple):
    """Shapes (F, D): period_s, after how long the sound repeats, 0 where there is no dip; depth, 0 for the same again.

    Depth is YIN's cumulative mean normalised difference (de Cheveigné & Kawahara 2002), of sounds made equally strong.
    """

    period_s: np.ndarray
    depth: np.ndarray


def dips(audio: np.ndarray, sample_rate: int, centre_s: np.ndarray) -> Dips:
    """(N,) audio, (F,) times in seconds -> the dips of all windows around these times."""
    sound = audio if sample_rate == RATE_HZ else soxr.resample(audio, sample_rate, RATE_HZ)
    found = [_dips_in(sound, window, centre_s) for window in WINDOWS]
    return Dips(*(np.concatenate(part, axis=1) for part in zip(*found, strict=True)))


def _dips_in(sound: np.ndarray, window: PeriodWindow, centre_s: np.ndarray) -> Dips:
    """(N,) sound at 16 kHz -> its dips."""
    frame_s = centre_s[1] - centre_s[0] if len(centre_s) > 1 else window.length_s
    stride = max(1, int(window.length_s / PER_WINDOW / frame_s))
    length = round(window.length_s * RATE_HZ)
    start = np.rint(centre_s[::stride] * RATE_HZ).astype(np.int64) + length - length // 2
    padded = np.pad(sound, (length, 2 * length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)
    shortest = int(window.shortest_s * RATE_HZ * window.lags_per_sample)
    n_lags = int(np.ceil(window.longest_s * RATE_HZ)) + 2
    period = np.zeros((len(start), MOST_DIPS), np.float32)
    depth = np.ones_like(period)
    for first in range(0, len(start), FRAMES_AT_ONCE):
        part = slice(first, first + FRAMES_AT_ONCE)
        alike, energy = _autocorrelation(frames[start[part]], n_lags, window.lags_per_sample)
        _fill(alike, energy, window.lags_per_sample, shortest, period[part], depth[part])
    nearest = np.minimum((np.arange(len(centre_s)) + stride // 2) // stride, len(start) - 1)
    return Dips(period[nearest] / np.float32(RATE_HZ * window.lags_per_sample), depth[nearest])


def _autocorrelation(frames: np.ndarray, n_lags: int, per_sample: int) -> tuple[np.ndarray, np.ndarray]:
    """(F, S) frames -> (F, n_lags * per_sample) sums of products, (F, S + 1) energy up to each sample.

    Between samples it is exact too: an autocorrelation is as band-limited as the sound.
    """
    frames = frames - frames.mean(axis=1, keepdims=True)
    n_bins = next_fast_len(frames.shape[1] + n_lags, real=True)
    spectrum = rfft(frames, n_bins, axis=1)
    power = np.float32(per_sample) * (spectrum.real**2 + spectrum.imag**2)
    energy = np.zeros((len(frames), frames.shape[1] + 1), np.float32)
    np.cumsum(frames**2, axis=1, out=energy[:, 1:])
    return irfft(power, per_sample * n_bins, axis=1)[:, : per_sample * n_lags], energy


@register_jitable
def _keep(period, depth, found, value):  # type: ignore[no-untyped-def]
    """Put a dip in the place of the worst: the longer and the less deep, the worse."""
    worst, badness = 0, -1.0
    for index in range(len(period)):
        held = (depth[index] + DOUBT) * period[index] if period[index] > 0 else np.inf
        if held > badness:
            worst, badness = index, held
    if (value + DOUBT) * found < badness:
        period[worst], depth[worst] = found, value


@register_jitable
def _unlike(product, energy, place):  # type: ignore[no-untyped-def]
    """One minus the correlation coefficient of a frame and itself `place` samples later, where they overlap."""
    size, lag = len(energy) - 1, int(place)
    share, quiet = place - lag, (size - lag) * SILENCE**2
    earlier = energy[size - lag] + share * (energy[size - lag - 1] - energy[size - lag])
    later = energy[size] - energy[lag] - share * (energy[lag + 1] - energy[lag])
    return 1 - product / np.sqrt((max(earlier, 0.0) + quiet) * (max(later, 0.0) + quiet))


@numba.njit("void(float32[:, :], float32[:, ::1], int64, int64, float32[:, ::1], float32[:, ::1])", cache=True)
def _fill(alike, energy, per_sample, shortest, period, depth):  # type: ignore[no-untyped-def]
    """Write the best dips of (F, L) autocorrelations into (F, D) period, in lags, and depth."""
    for frame in range(len(alike)):
        total = 0.0
        before, here = 1.0, 1.0  # of the lags lag - 2 and lag - 1
        for lag in range(1, alike.shape[1]):
            unlike = max(_unlike(alike[frame, lag], energy[frame], lag / per_sample), 0.0)
            total += unlike
            after = unlike * lag / max(total, 1e-9)
            if lag > shortest and total > MOVED * lag and here < before and here <= after:
                curve = before - 2 * here + after
                shift = 0.5 * (before - after) / curve
                value = max(here - 0.25 * (before - after) * shift, 0.0)
                _keep(period[frame], depth[frame], lag - 1 + shift, value)
            before, here = here, after
