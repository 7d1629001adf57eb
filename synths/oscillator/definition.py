"""The oscillator bank as its equation: exact and slow, for short pieces, second derivatives and export."""

import math

import torch
from torch import Tensor

from synths.oscillator.phase import next_frame, phase_basis


def plain_bank(phase: Tensor, near: Tensor, far: Tensor, window: Tensor) -> Tensor:
    """Sum K harmonics hop by hop: y_j = sum_k (near_k + (far_k - near_k) window_j) sin(2 pi k turns_j).

    Every partial at every sample is its own sine, in plain differentiable operations that export.

    Args:
        phase: (B, F, 3) start, cycles and step of each hop, from `frame_phase`
        near: (B, F, K) amplitudes at the start of the hop, 0 where a partial is not to sound
        far: (B, F, K) amplitudes at its end
        window: (hop,) weight of the far end

    Returns:
        (B, F * hop) audio of the dtype of the amplitudes
    """
    k = torch.arange(1, near.shape[-1] + 1, device=phase.device, dtype=phase.dtype)
    turns = (phase @ phase_basis(window.shape[0], phase))[..., None] * k
    # wrapped before it loses digits to a narrower type
    sines = torch.sin(2 * math.pi * (turns - turns.detach().floor()).to(near.dtype))
    amplitudes = near[:, :, None] + (far - near)[:, :, None] * window.to(near.dtype)[:, None]
    return (amplitudes * sines).sum(-1).flatten(1)


def masked_bank(phase: Tensor, amplitudes: Tensor, audible: Tensor, window: Tensor) -> Tensor:
    """`plain_bank` of (B, F, K) amplitudes of which the first (B, F) audible sound, the last frame held."""
    k = torch.arange(1, amplitudes.shape[-1] + 1, device=amplitudes.device)
    near = amplitudes * (k <= audible[..., None])
    return plain_bank(phase, near, next_frame(near), window)
