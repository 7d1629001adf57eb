"""The pitch of a recording, heard by a tracker and then read off its own partials."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from synths.carriers import block_size, carriers, partials_below
from synths.heterodyne import envelopes

N_PARTIALS = (3, 6, 12, 12)
"""Low partials stay in their windows when a tracker is far off; high ones tell the pitch finely."""
FARTHEST = 0.02
"""Share of the pitch that one round may correct."""
SMOOTHED_S = 0.02


def refined(audio: Tensor, f0_hz: Tensor, rate: int, hop: int) -> Tensor:
    """A pitch that follows the phases of the first twelve partials.

    Each partial says how far off the pitch is by how fast its phase drifts from that of the carrier; strong partials
    and high ones, which tell it more finely, weigh most.

    Args:
        audio: (N,)
        f0_hz: (F,) as tracked, in Hz, frame t at sample t * hop
        rate: samples per second
        hop: samples per frame
    """
    for n_partials in N_PARTIALS:
        # What jumps from frame to frame is the tracker's: drifts, which are read over two frames, would never tell.
        f0_hz = _near(f0_hz.log()[:, None], 1)[:, 0].exp()
        f0_hz = f0_hz * (1.0 + _deviation(audio, f0_hz, rate, hop, n_partials).clamp(-FARTHEST, FARTHEST)).to(f0_hz)
    return f0_hz


def _deviation(audio: Tensor, f0_hz: Tensor, rate: int, hop: int, n_partials: int) -> Tensor:
    """(F,) share of the pitch that it is too low."""
    block = block_size(f0_hz, rate)
    most = partials_below(f0_hz, rate, n_partials)
    waves = carriers(f0_hz, rate, hop, block, len(audio), most)
    cosines, sines = envelopes(audio, waves).chunk(2, dim=1)
    phasors = torch.complex(cosines, -sines)
    turned = phasors[1:] * phasors[:-1].conj()  # (L, K), one per block
    number = torch.arange(1, most + 1).to(cosines)
    n_near = max(1, round(SMOOTHED_S * rate / block) // 2)
    drift = _near(turned.real, n_near), _near(turned.imag, n_near)
    drift_hz = torch.atan2(drift[1], drift[0]) * rate / (2.0 * math.pi * block)
    weight = number.square() * torch.hypot(*drift)
    share = (weight * drift_hz / number).sum(1) / (weight.sum(1) + 1e-20)
    centre = (torch.arange(len(share)) + 0.5) * block
    at_frames = np.interp(np.arange(len(f0_hz)) * hop, centre.numpy(), share.double().numpy())
    return torch.from_numpy(at_frames) / f0_hz.double()


def _near(values: Tensor, n_near: int) -> Tensor:
    """(L, K) -> (L, K) mean over a few neighbours to either side."""
    return F.avg_pool1d(values.T[None], 2 * n_near + 1, 1, n_near, count_include_pad=False)[0].T
