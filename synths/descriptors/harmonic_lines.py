"""The harmonics of a known pitch in a power spectrum, and the noise between them."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

MOST_HARMONICS = 128
REACH = 2
"""Bins to either side that hold the main lobe of a Hann window."""
MEAN_OVER_LOG_MEAN = math.exp(0.5772156649)
"""Of the power of a noise in a bin: e to the power of Euler's constant."""


class HarmonicLines(NamedTuple):
    """Power of each harmonic (B, F, K) and of all noise (B, F), in units of a full-scale sine."""

    harmonics: Tensor
    noise: Tensor


def harmonic_lines(power: Tensor, f0_hz: Tensor, frequency_hz: Tensor) -> HarmonicLines:
    """Split power spectra by a known pitch.

    What lies half way between two harmonics is noise; what lies in the main lobe around one, less twice the noise to
    be expected there, is that harmonic (spectral over-subtraction, Berouti et al. 1979: noise alone would otherwise
    pass for a hundred weak harmonics).

    Args:
        power: (B, F, bins) as `Spectrum` measures it
        f0_hz: (B, F)
        frequency_hz: (bins,)
    """
    with torch.no_grad():
        spacing = (f0_hz / frequency_hz[1]).clamp(2.0, power.shape[-1] - 1.0)[..., None]
        harmonic = torch.arange(1, _most_harmonics(spacing, power) + 1, device=power.device, dtype=power.dtype)
        place = spacing * harmonic
        inside = (place <= power.shape[-1] - 1).to(power.dtype)
        n_near = _over_neighbours(inside).clamp_min(0.2)
        lobe, weight = _lobe_places(place, spacing)
        # One bin is a poor estimate of a noise: three that lie well within the gap, where it has so many.
        aside = torch.relu(spacing / 2 - 5.0) / 2
        gap = [place - spacing / 2 + shift for shift in (-aside, 0.0, aside)]
        wanted = torch.stack([*lobe, *gap], dim=-2).round().clamp(0, power.shape[-1] - 1).long()
    found = power.gather(-1, wanted.flatten(-2)).unflatten(-1, (len(lobe) + len(gap), -1))
    density = _density(found[..., len(lobe) :, :], inside, n_near, power.mean(-1)[..., None])
    width = spacing.clamp_max(2 * REACH + 1.0)
    harmonics = torch.relu((found[..., : len(lobe), :] * weight).sum(-2) - 2.0 * width * density) * inside
    return HarmonicLines(harmonics, (density * inside).sum(-1) * spacing[..., 0])


def _density(gaps: Tensor, inside: Tensor, n_near: Tensor, mean: Tensor) -> Tensor:
    """(B, F, bins, K) power in the gaps below K harmonics -> (B, F, K) noise per bin, neighbours taken together.

    By the mean of logarithms, which a partial astray in one gap, or the sidebands of a vibrato, hardly move. Of so few
    bins it is up to 0.7 dB too high.
    """
    floor = 1e-10 * mean + 1e-16
    level = (gaps + floor[..., None]).log().mean(-2)
    return MEAN_OVER_LOG_MEAN * ((_over_neighbours(level * inside) / n_near).exp() - floor).relu()


def _over_neighbours(values: Tensor) -> Tensor:
    """(B, F, K) -> (B, F, K) mean over five neighbours, 0 beyond the ends."""
    return F.avg_pool1d(values, 5, 1, 2)


def _most_harmonics(spacing: Tensor, power: Tensor) -> int:
    """As many as the lowest pitch has below Nyquist; on an accelerator, which should not wait for that, the most."""
    if power.device.type != "cpu":
        return MOST_HARMONICS
    return max(1, min(MOST_HARMONICS, int((power.shape[-1] - 1) / float(spacing.min()))))


def _lobe_places(place: Tensor, spacing: Tensor) -> tuple[list[Tensor], Tensor]:
    """Bins around each of (B, F, K) places, and (B, F, bins, K) 1 where they are not nearer to the next."""
    nearest = place.round()
    lobe = [nearest + offset for offset in range(-REACH, REACH + 1)]
    beside = torch.stack(lobe, dim=-2) - place[..., None, :]
    return lobe, (beside.abs() <= 0.5 * spacing[..., None]).to(place.dtype)
