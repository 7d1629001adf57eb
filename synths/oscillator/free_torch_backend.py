"""Partials at any frequency on any device that torch knows: a sine each, a few frames at a time."""

import math

import torch
from torch import Tensor

from synths.oscillator.phase import next_frame, phase_basis
from synths.precision import without_autocast

_SINES_TOGETHER = 1 << 21


def forward(phase: Tensor, amplitudes: Tensor, window: Tensor) -> Tensor:
    """(B, F, K, 3) phase, (B, F, K) amplitudes, (hop,) window -> (B, F, hop) samples, differentiable."""
    ends = torch.stack([amplitudes, next_frame(amplitudes) - amplitudes], dim=-2)  # (B, F, 2, K)
    weights = torch.stack([torch.ones_like(window), window])
    with without_autocast(amplitudes):
        return torch.cat(
            [((ends[:, here] @ sines(phase[:, here], window)) * weights).sum(-2) for here in _a_few(phase, window)], 1
        )


def backward(grad: Tensor, phase: Tensor, window: Tensor) -> Tensor:
    """(B, F, hop) gradient of the samples, (B, F, K, 3) phase, (hop,) window -> (B, F, K) that of the amplitudes."""
    weighted = torch.stack([grad, grad * window], dim=-2)
    with without_autocast(grad):
        ends = torch.cat(
            [weighted[:, here] @ sines(phase[:, here], window).mT for here in _a_few(phase, window)], dim=1
        )
    whole, far = ends.unbind(-2)
    near = whole - far
    near[:, 1:] += far[:, :-1]
    near[:, -1:] += far[:, -1:]
    return near


def sines(phase: Tensor, window: Tensor) -> Tensor:
    """(B, F, K, 3) phase -> (B, F, K, hop) sines in the precision of the (hop,) window."""
    turns = phase @ phase_basis(window.shape[0], phase)
    # wrapped before it loses digits to a narrower type
    return torch.sin(2 * math.pi * (turns - turns.detach().round()).to(window.dtype))


def _a_few(phase: Tensor, window: Tensor) -> list[slice]:
    """Frames to compute at a time."""
    batch, n_frames, n_partials, _ = phase.shape
    n_together = max(1, _SINES_TOGETHER // max(1, batch * n_partials * window.shape[0]))
    return [slice(first, first + n_together) for first in range(0, n_frames, n_together)]
