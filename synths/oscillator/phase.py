"""Phase of the fundamental: accumulated in float64 at the frame rate, in closed form inside the hop."""

import torch
import torch.nn.functional as F
from torch import Tensor


def next_frame(values: Tensor) -> Tensor:
    """(B, F, ...) values of the frames -> those at the far end of each hop: the next frame's, the last one held."""
    return torch.cat([values[:, 1:], values[:, -1:]], dim=1)


def audible_harmonics(f0_hz: Tensor, n_harmonics: int, sample_rate: int) -> Tensor:
    """How many partials of each (B, F) frame stay below Nyquist, also at the two neighbouring frames."""
    highest = F.max_pool1d(f0_hz.detach()[:, None], kernel_size=3, stride=1, padding=1)[:, 0]
    # ceil - 1: a partial exactly at Nyquist is not below it
    below = torch.ceil(sample_rate / 2 / highest.clamp_min(1e-3).double()) - 1
    return below.clamp(0, n_harmonics).long()


def frame_phase(f0_hz: Tensor, hop: int, sample_rate: int) -> Tensor:
    """(B, F) fundamental in Hz -> (B, F, 3) float64 start, cycles and step of each hop, differentiable in f0_hz.

    start: phase at the hop's first sample in turns, wrapped to 0..1, 0 at the clip's first sample
    cycles: frequency there, in turns per sample
    step: change of that frequency until the next frame, linear in between

    In float64 because it adds up over the clip: an hour stays in tune.
    """
    cycles = f0_hz.double() / sample_rate
    step = next_frame(cycles) - cycles
    advance = hop * cycles + (hop - 1) / 2 * step
    start = torch.cumsum(advance, dim=1) - advance
    return torch.stack([start.remainder(1.0), cycles, step], dim=-1)


def phase_basis(hop: int, like: Tensor) -> Tensor:
    """(3, hop) that start, cycles and step multiply to give the turns at each sample of the hop."""
    j = torch.arange(hop, device=like.device, dtype=like.dtype)
    return torch.stack([torch.ones_like(j), j, j * (j - 1) / (2 * hop)])


def phase_turns(f0_hz: Tensor, hop: int, sample_rate: int) -> Tensor:
    """(B, F) fundamental in Hz -> its phase at every sample, (B, F, hop) in turns, wrapped to 0..1."""
    frames = frame_phase(f0_hz, hop, sample_rate)
    turns = frames @ phase_basis(hop, frames)
    return turns.remainder(1.0).to(torch.promote_types(f0_hz.dtype, torch.float32))
