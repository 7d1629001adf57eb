"""How much later a device's output sounds than what went in."""

from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

LOWEST_HZ, HIGHEST_HZ = 60.0, 6000.0
SURE = 15.0
"""A peak so many times the rms is believed. Of 60 pairs that do not belong together 2 had a higher one."""
WHITENING_FLOOR = 1e-3


class Lag(NamedTuple):
    """samples: the output is later by so many (earlier if negative); sureness: the height of the peak over the rms."""

    samples: int
    sureness: float

    @property
    def is_sure(self) -> bool:
        """Whether the peak stands out."""
        return self.sureness >= SURE


def find_lag(source: np.ndarray, target: np.ndarray, sample_rate: int, longest_s: float = 1.0) -> Lag:
    """The lag in samples at which `target[t + lag]` sounds like `source[t]`, by whitened cross-correlation.

    Whitening (the phase transform of Knapp & Carter 1976) makes one sharp peak of a sound that repeats itself and of a
    device that filters it; the sign of the peak does not count, for devices that invert; and the rectified sounds are
    compared as well, for devices that rectify. The delay of a device's own filters is part of the lag.

    Args:
        source: (N,) what went in
        target: (N',) what came out
        sample_rate: of both
        longest_s: lags are searched to this length, both ways
    """
    longest = round(longest_s * sample_rate)
    as_they_are = _peak(source, target, sample_rate, longest)
    rectified = _peak(np.abs(source), np.abs(target), sample_rate, longest)
    return max(as_they_are, rectified, key=lambda lag: lag.sureness)


def _peak(source: np.ndarray, target: np.ndarray, sample_rate: int, longest: int) -> Lag:
    n_fft = next_fast_len(len(source) + len(target), real=True)
    cross = rfft(target, n_fft) * np.conj(rfft(source, n_fft))
    size = np.abs(cross)
    # The floor keeps bins that hold nothing but rounding from being heard as loudly as the others.
    white = cross / (size + WHITENING_FLOOR * size.mean() + np.finfo(size.dtype).tiny)
    frequency_hz = rfftfreq(n_fft, 1 / sample_rate)
    white[(frequency_hz < LOWEST_HZ) | (frequency_hz > HIGHEST_HZ)] = 0
    circular = np.abs(irfft(white, n_fft))
    longest = min(longest, n_fft // 2)
    likeness = np.concatenate([circular[-longest:], circular[: longest + 1]])
    best = int(likeness.argmax())
    rms = float(np.sqrt((likeness**2).mean()))
    return Lag(best - longest, float(likeness[best]) / rms if rms > 0 else 0.0)
