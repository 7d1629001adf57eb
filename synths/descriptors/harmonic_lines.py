"""The harmonics of a known pitch in a power spectrum, and the noise between them."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

CLOSEST = 4.0
"""Bins from harmonic to harmonic; lower pitches are read as if they were this high."""
N_GAP_BINS = 3
MEAN_OVER_LOG_MEAN = math.exp(0.5772156649)
"""Mean power of noise in a bin over the exponential of its mean log power: e to the power of Euler's constant."""


class HarmonicLines(NamedTuple):
    """Power of each harmonic (B, F, K) and of all noise (B, F), in units of a full-scale sine."""

    harmonics: Tensor
    noise: Tensor


def harmonic_lines(power: Tensor, f0_hz: Tensor, frequency_hz: Tensor, reach: int) -> HarmonicLines:
    """Split power spectra by a known pitch.

    What lies half way between two harmonics is noise; what lies in the main lobe around one, less twice the noise to
    be expected there, is that harmonic (spectral over-subtraction, Berouti et al. 1979: noise alone would otherwise
    pass for a hundred weak harmonics).

    Args:
        power: (B, F, bins) as `Spectrum` measures it
        f0_hz: (B, F)
        frequency_hz: (bins,)
        reach: bins to either side that hold the main lobe of the window
    """
    places = _places(f0_hz / frequency_hz[1], power, reach)
    found = power.gather(-1, places.bins.flatten(-2)).unflatten(-1, places.bins.shape[-2:])
    lobes, gaps = found.split([2 * reach + 1, N_GAP_BINS], dim=-2)
    if places.own is not None:
        lobes = lobes * places.own
    density = _density(gaps, places.inside, power.mean(-1)[..., None])
    width = places.spacing.clamp_max(2 * reach + 1.0)
    harmonics = torch.relu(lobes.sum(-2) - 2.0 * width * density) * places.inside
    return HarmonicLines(harmonics, (density * places.inside).sum(-1) * places.spacing[..., 0])


class _Places(NamedTuple):
    """Where to look: spacing (B, F, 1) of K harmonics in bins; inside (B, F, K), 1 below Nyquist.

    Bins (B, F, L + 3, K): L around each harmonic, three in the gap below it. Own: (B, F, L, K) False where a bin is
    nearer to the next harmonic; None where all are far apart.
    """

    spacing: Tensor
    inside: Tensor
    bins: Tensor
    own: Tensor | None


@torch.no_grad()
def _places(spacing: Tensor, power: Tensor, reach: int) -> _Places:
    """(B, F) pitch in bins, (B, F, bins) power -> places."""
    last = power.shape[-1] - 1
    spacing = spacing.clamp(CLOSEST, float(last))[..., None]
    # An accelerator should not wait to learn the lowest pitch, and a graph cannot: the most, as if they were close.
    may_look = power.device.type == "cpu" and not torch.compiler.is_exporting()
    closest = float(spacing.nan_to_num(CLOSEST).min()) if may_look else CLOSEST
    n_harmonics = max(1, int(last / closest))
    place = spacing * torch.arange(1, n_harmonics + 1, device=power.device, dtype=power.dtype)
    lobe = place.round().long()[..., None, :] + torch.arange(-reach, reach + 1, device=power.device)[:, None]
    # One bin is a poor estimate of a noise: three that lie well within the gap, where it has so many.
    aside = torch.relu(spacing / 2 - 5.0) / 2
    gaps = torch.stack([place - spacing / 2 + shift for shift in (-aside, 0.0, aside)], dim=-2).round().long()
    close = closest < 2 * reach + 1
    own = (lobe - place[..., None, :]).abs() <= 0.5 * spacing[..., None] if close else None
    return _Places(spacing, (place <= last).to(power.dtype), torch.cat([lobe, gaps], -2).clamp_(0, last), own)


def _density(gaps: Tensor, inside: Tensor, mean: Tensor) -> Tensor:
    """(B, F, bins, K) power in the gaps below K harmonics -> (B, F, K) noise per bin, neighbours taken together.

    By the mean of logarithms, which a partial astray in one gap, or the sidebands of a vibrato, hardly move. Of so few
    bins it is up to 0.7 dB too high.
    """
    floor = 1e-10 * mean + 1e-16
    level = (gaps + floor[..., None]).log().mean(-2)
    n_near = _over_neighbours(inside).clamp_min(0.2)
    return MEAN_OVER_LOG_MEAN * ((_over_neighbours(level * inside) / n_near).exp() - floor).relu()


def _over_neighbours(values: Tensor) -> Tensor:
    """(B, F, K) -> (B, F, K) mean over five neighbours, 0 beyond the ends."""
    return F.avg_pool1d(values, 5, 1, 2)
