"""Ask for a knob position that was not measured, and check what the sound then measures."""

import torch
from torch import Tensor


def mean_position(controls: Tensor, sounding: Tensor) -> Tensor:
    """Mean of (B, F, C) over the frames where (B, F) sounding is 1: (B, C)."""
    weight = sounding / sounding.sum(1, keepdim=True).clamp_min(1.0)
    return (controls * weight[..., None]).sum(1)  # not a product of matrices, which mixed precision would round


def turn_one_knob(controls: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """Move one random knob of each clip so that its mean position is uniform in 0..1.

    Args:
        controls: (B, F, C) knob positions
        mean: (B, C) of them over the frames where the clip sounds

    Returns:
        (B, F, C) turned controls and (B, C), 1 for the knob that was turned
    """
    n_controls = controls.shape[-1]
    knob = torch.randint(n_controls, (len(controls),), device=controls.device)
    turned = torch.nn.functional.one_hot(knob, n_controls).to(controls.dtype)
    offset = (torch.rand_like(mean) - mean) * turned
    return controls + offset[:, None], turned


def knob_error(asked: Tensor, measured: Tensor, sounding: Tensor) -> Tensor:
    """Mean absolute distance of (B, F, C) measured from asked positions over the sounding frames, (B, C)."""
    return mean_position((measured - asked).abs(), sounding)
