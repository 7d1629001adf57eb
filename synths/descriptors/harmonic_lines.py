"""The harmonics of a known pitch in a power spectrum, and the noise between them."""

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.stiffness import stretch

CLOSEST = 4.0
"""Bins from harmonic to harmonic; lower pitches are read as if they were this high."""
N_GAP_BINS = 3
MEAN_OVER_LOG_MEAN = math.exp(0.5772156649)
"""Mean power of noise in a bin over the exponential of its mean log power: e to the power of Euler's constant."""


class HarmonicLines(NamedTuple):
    """Power of each harmonic (B, F, K) and of all noise (B, F), in units of a full-scale sine."""

    harmonics: Tensor
    noise: Tensor


class Bins(NamedTuple):
    """Which bins of a spectrum hold a harmonic.

    Numbers; or, where each clip was seen through a window of its own, `last`, `reach` and `step` are (B, 1, 1).

    Attributes:
        last: at Nyquist
        reach: bins to either side that hold the main lobe of the window
        step: how many bins of the power one is, which may be a spectrum of more
        widest: the greatest reach
        n_harmonics: so many there may be
    """

    last: Any
    reach: Any
    step: Any
    widest: int
    n_harmonics: int


def harmonic_lines(
    power: Tensor, f0_hz: Tensor, frequency_hz: Tensor, reach: int, stiffness: Tensor | None = None
) -> HarmonicLines:
    """Split power spectra by a known pitch.

    What lies half way between two harmonics is noise; what lies in the main lobe around one, less twice the noise to
    be expected there, is that harmonic (spectral over-subtraction, Berouti et al. 1979: noise alone would otherwise
    pass for a hundred weak harmonics).

    Args:
        power: (B, F, bins) as `Spectrum` measures it
        f0_hz: (B, F)
        frequency_hz: (bins,)
        reach: bins to either side that hold the main lobe of the window
        stiffness: (B, F) of the strings that sound, whose partials are not quite harmonics; None if none is a string
    """
    spacing, last = f0_hz / frequency_hz[1], power.shape[-1] - 1
    # An accelerator should not wait to learn the lowest pitch, and a graph cannot: the most, as if they were close.
    may_look = power.device.type == "cpu" and not torch.compiler.is_exporting()
    closest = float(spacing.clamp(CLOSEST, float(last)).nan_to_num(CLOSEST).min()) if may_look else CLOSEST
    return lines_in(power, spacing, Bins(last, reach, 1, reach, max(1, int(last / closest))), stiffness)


def lines_in(power: Tensor, spacing: Tensor, bins: Bins, stiffness: Tensor | None = None) -> HarmonicLines:
    """`harmonic_lines` of (B, F) pitch in bins, where the bins are known."""
    places = _places(spacing, bins, stiffness)
    found = power.gather(-1, places.bins.flatten(-2)).unflatten(-1, places.bins.shape[-2:])
    lobes, gaps = found.split([2 * bins.widest + 1, N_GAP_BINS], dim=-2)
    if places.own is not None:
        lobes = lobes * places.own
    density = _density(gaps, places.inside, power.mean(-1)[..., None])
    width = places.spacing.clamp_max(2.0 * bins.reach + 1.0)
    harmonics = torch.relu(lobes.sum(-2) - 2.0 * width * density) * places.inside
    return HarmonicLines(harmonics, (density * places.inside).sum(-1) * places.spacing[..., 0])


class _Places(NamedTuple):
    """Where to look: spacing (B, F, 1) of K harmonics in bins; inside (B, F, K), 1 below Nyquist.

    Bins (B, F, L + 3, K): L around each harmonic, three in the gap below it. Own: (B, F, L, K) False where a bin is
    nearer to the next harmonic, or out of reach; None where all are far apart.
    """

    spacing: Tensor
    inside: Tensor
    bins: Tensor
    own: Tensor | None


@torch.no_grad()
def _places(spacing: Tensor, bins: Bins, stiffness: Tensor | None) -> _Places:
    """(B, F) pitch in bins and perhaps stiffness -> places."""
    spacing = spacing[..., None].clamp_min(CLOSEST).clamp_max(bins.last)
    number = torch.arange(1, bins.n_harmonics + 1, device=spacing.device, dtype=spacing.dtype)
    place = spacing * (number if stiffness is None else stretch(number, stiffness[..., None].to(spacing)))
    around = torch.arange(-bins.widest, bins.widest + 1, device=spacing.device)[:, None]
    lobe = place.round().long()[..., None, :] + around
    # One bin is a poor estimate of a noise: three that lie well within the gap, where it has so many.
    aside = torch.relu(spacing / 2 - 5.0) / 2
    gaps = torch.stack([place - spacing / 2 + shift for shift in (-aside, 0.0, aside)], dim=-2).round().long()
    inside, own = (place <= bins.last).to(spacing.dtype), _own(lobe, place, spacing, around, bins)
    return _Places(spacing, inside, _within(torch.cat([lobe, gaps], -2), bins), own)


def _within(index: Tensor, bins: Bins) -> Tensor:
    if isinstance(bins.last, Tensor):
        return index.clamp_min(0).clamp_max(bins.last[..., None]) * bins.step[..., None]
    return index.clamp_(0, bins.last)


def _own(lobe: Tensor, place: Tensor, spacing: Tensor, around: Tensor, bins: Bins) -> Tensor | None:
    apart = not isinstance(bins.reach, Tensor) and bins.last / (bins.n_harmonics + 1) >= 2 * bins.reach + 1
    if apart:
        return None
    nearest = (lobe - place[..., None, :]).abs() <= 0.5 * spacing[..., None]
    return nearest & (around.abs() <= bins.reach[..., None]) if isinstance(bins.reach, Tensor) else nearest


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
