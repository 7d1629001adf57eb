"""What is left of a recording without its partials, in bands that add up to it."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from projection.prior import bark

WIDTH_BARK = 1.5
"""From the middle of one band to that of the next."""
MIRRORED_S = 0.1
"""At either end, for the filters to hear no edge."""


def n_bands(rate: int) -> int:
    """Bands up to half a rate."""
    return 2 + math.floor(float(bark(torch.tensor(rate / 2.0))) / WIDTH_BARK)


def band_weights(frequency_hz: Tensor, rate: int) -> Tensor:
    """(bins,) -> (M, bins) shares of each band, rounded triangles whose sum is 1 everywhere."""
    count = n_bands(rate)
    place = bark(frequency_hz).clamp_min(0.0) / bark(torch.tensor(rate / 2.0)).to(frequency_hz) * (count - 1)
    apart = (place - torch.arange(count).to(place)[:, None]).abs().clamp_max(1.0)
    return 0.5 + 0.5 * (math.pi * apart).cos()


def noise_bands(noise: Tensor, rate: int) -> Tensor:
    """(N,) -> (M, N) zero-phase bands; they add up to the noise, but for rounding."""
    n_mirrored = min(round(MIRRORED_S * rate), len(noise) - 1)
    mirrored = F.pad(noise[None, None], (n_mirrored, n_mirrored), mode="reflect")[0, 0]
    size = 2 * math.ceil(len(mirrored) / 2)
    spectrum = torch.fft.rfft(mirrored, size)
    weights = band_weights(torch.fft.rfftfreq(size, 1.0 / rate).to(noise), rate)
    return torch.fft.irfft(spectrum * weights, size)[:, n_mirrored : n_mirrored + len(noise)]


def middles_hz(rate: int) -> Tensor:
    """(M,) middles of the bands."""
    place = torch.linspace(0.0, float(bark(torch.tensor(rate / 2.0))), n_bands(rate)) + 0.53
    return 1960.0 * place / (26.81 - place)
