"""Digital filters as frequency responses, applied by one multiplication of spectra: causal and of minimum phase.

A response is (B, bins), bins = n_fft // 2 + 1 from 0 Hz to Nyquist, for settings of (B, 1).
"""

import math
from collections.abc import Callable
from functools import cache

import torch
from scipy.fft import next_fast_len
from torch import Tensor

TAIL_S = 0.1
TILT_FROM_HZ = 30.0


def filtered(audio: Tensor, sample_rate: int, response: Callable[[int], Tensor]) -> Tensor:
    """(B, N) audio, and what gives the (B, bins) response for a size of the FFT -> (B, N).

    The audio is followed by silence, into which the filter's decay runs: nothing wraps around to the onset.
    """
    n_samples = audio.shape[-1]
    n_fft = fast_size(n_samples + round(TAIL_S * sample_rate))
    return torch.fft.irfft(torch.fft.rfft(audio, n_fft) * response(n_fft), n_fft)[..., :n_samples]


def fast_size(n_samples: int) -> int:
    """The next size with a fast FFT; with few factors of 2 one can take twice as long as its neighbour."""
    return 64 * int(next_fast_len(math.ceil(n_samples / 64), real=True))


def tilt(n_fft: int, sample_rate: int, db_per_octave: Tensor) -> Tensor:
    """A straight line in dB over octaves, level below 30 Hz: a fractional power of a differentiator's response."""
    log_gain, phase = _differentiator(n_fft, sample_rate, db_per_octave.device)
    power = db_per_octave / (20.0 * math.log10(2.0))
    gain, angle = (power * log_gain).exp(), power * phase
    return torch.complex(gain * angle.cos(), gain * angle.sin())


def low_shelf(n_fft: int, sample_rate: int, corner_hz: Tensor, gain_db: Tensor) -> Tensor:
    """First order: the gain at 0 Hz, half of its dB at the corner, none at Nyquist."""
    s, one = _analogue(n_fft, sample_rate, corner_hz)
    root = 10.0 ** (gain_db / 40.0)
    return (s + one * root) / (s + one / root)


def high_shelf(n_fft: int, sample_rate: int, corner_hz: Tensor, gain_db: Tensor) -> Tensor:
    """First order: the gain at Nyquist, half of its dB at the corner, none at 0 Hz."""
    s, one = _analogue(n_fft, sample_rate, corner_hz)
    root = 10.0 ** (gain_db / 40.0)
    return (s * root + one) / (s / root + one)


def low_pass(n_fft: int, sample_rate: int, corner_hz: Tensor) -> Tensor:
    """Butterworth of order 4: -3 dB at the corner, 24 dB per octave above."""
    s, one = _analogue(n_fft, sample_rate, corner_hz)
    return one.square().square() / _butterworth(s, one)


def high_pass(n_fft: int, sample_rate: int, corner_hz: Tensor) -> Tensor:
    """Butterworth of order 4: -3 dB at the corner, 24 dB per octave below."""
    s, one = _analogue(n_fft, sample_rate, corner_hz)
    return s.square().square() / _butterworth(s, one)


def _analogue(n_fft: int, sample_rate: int, corner_hz: Tensor) -> tuple[Tensor, Tensor]:
    """The bilinear transform: s / one is j at the corner. Two numbers, because s alone is infinite at Nyquist."""
    half_angle = torch.arange(n_fft // 2 + 1, device=corner_hz.device) * (math.pi / n_fft)
    corner = corner_hz * (math.pi / sample_rate)
    s = half_angle.sin() * corner.cos()
    return torch.complex(torch.zeros_like(s), s), half_angle.cos() * corner.sin()


def _butterworth(s: Tensor, one: Tensor) -> Tensor:
    first, second = (2.0 * math.cos(angle * math.pi / 8.0) for angle in (1, 3))
    ends = s.square() + one.square()
    return (ends + first * s * one) * (ends + second * s * one)


@cache
def _differentiator(n_fft: int, sample_rate: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Logarithm of the gain, and phase, of Al-Alaoui's differentiator (1993), its zero moved from 0 to 30 Hz.

    Its gain grows by 6 dB per octave to 3/4 of Nyquist within 0.1 dB.
    """
    angle = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * (2.0 * math.pi / n_fft)
    delay = torch.exp(-1j * angle)
    response = (1.0 - math.exp(-2.0 * math.pi * TILT_FROM_HZ / sample_rate) * delay) / (1.0 + delay / 7.0)
    return response.abs().log().float().to(device), response.angle().float().to(device)
