"""A power spectrum in third octaves, as real filters divide it."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

DESIGN_RATE_HZ = 48000.0


@lru_cache(maxsize=4)
def third_octave_weights(n_fft: int, sample_rate: int) -> Tensor:
    """(n_fft / 2 + 1, 28) share of each bin's power in each third octave from 25 Hz to 12.5 kHz.

    A bin stands for all frequencies around it: where bins are wide, the filters are averaged over them.
    """
    width_hz = sample_rate / n_fft
    n_points = max(1, math.ceil(width_hz / 0.5))
    around = (np.arange(n_points) + 0.5) / n_points - 0.5
    frequency_hz = (np.arange(n_fft // 2 + 1)[:, None] + around) * width_hz
    gain = np.stack([_band_gain(frequency_hz, centre_hz).mean(-1) for centre_hz in _centres_hz()], -1)
    return torch.from_numpy(gain).float()


def _centres_hz() -> np.ndarray:
    """(28,) exact centres, ten to a decade."""
    return 1000.0 * 10.0 ** (np.arange(-16, 12) / 10.0)


def _band_gain(frequency_hz: np.ndarray, centre_hz: float) -> np.ndarray:
    """Power gain of a third-octave filter: Butterworth, sixth order, bilinear at 48 kHz (ANSI S1.1-1986, order 3).

    The lowest bands are filtered at a lower rate, so that their gain includes that of the decimation before it. All in
    closed form, as the designs of `scipy.signal`.
    """
    # The rate is lowered until it is at most 200 times the centre.
    factor = math.ceil(DESIGN_RATE_HZ / 200.0 / centre_hz)
    rate_hz = DESIGN_RATE_HZ / factor
    quality = math.pi / 6.0 / math.sin(math.pi / 6.0) / (2.0 ** (1.0 / 6.0) - 2.0 ** (-1.0 / 6.0))
    ratio = (1.0 + math.sqrt(1.0 + 4.0 * quality**2)) / 2.0 / quality
    low, high = (math.tan(math.pi * edge_hz / rate_hz) for edge_hz in (centre_hz / ratio, centre_hz * ratio))
    warped = np.tan(math.pi * frequency_hz / rate_hz)
    within, beyond = (warped * (high - low)) ** 6, (warped**2 - low * high) ** 6
    return within / (within + beyond) * (_decimation_gain(frequency_hz, factor) if factor > 1 else 1.0)


def _decimation_gain(frequency_hz: np.ndarray, factor: int) -> np.ndarray:
    """Power gain of `scipy.signal.decimate`: Chebyshev, eighth order, 0.05 dB ripple, run forwards and backwards."""
    warped = np.tan(math.pi * np.minimum(frequency_hz / DESIGN_RATE_HZ, 0.499)) / math.tan(0.4 * math.pi / factor)
    ripple = np.polynomial.chebyshev.chebval(warped, [0] * 8 + [1])
    return 1.0 / (1.0 + (10.0**0.005 - 1.0) * ripple**2) ** 2
