"""The harmonics of a known pitch in a power spectrum, and the noise between them."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

MOST_HARMONICS = 128
REACH = 2
"""Bins to either side that hold the main lobe of a Hann window."""


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
        n_near = F.avg_pool1d(inside, 5, 1, 2).clamp_min(0.2)
        lobe, weight = _lobe_places(place, spacing)
        # One bin is a poor estimate of a noise: three that lie well within the gap, where it has so many.
        aside = torch.relu(spacing / 2 - 5.0) / 2
        gap = [place - spacing / 2 + shift for shift in (-aside, 0.0, aside)]
        wanted = torch.stack([*lobe, *gap], dim=-2).round().clamp(0, power.shape[-1] - 1).long()
    found = power.gather(-1, wanted.flatten(-2)).unflatten(-1, (len(lobe) + len(gap), -1))
    # Neighbouring gaps are much alike.
    density = F.avg_pool1d(found[..., len(lobe) :, :].mean(-2) * inside, 5, 1, 2) / n_near
    width = spacing.clamp_max(2 * REACH + 1.0)
    harmonics = torch.relu((found[..., : len(lobe), :] * weight).sum(-2) - 2.0 * width * density) * inside
    return HarmonicLines(harmonics, (density * inside).sum(-1) * spacing[..., 0])


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
