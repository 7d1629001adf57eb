"""The least change that brings knobs nearer: damped least squares by steps that every runtime has."""

import torch
from torch import Tensor


def least_change(slopes: Tensor, off: Tensor, damping: float) -> Tensor:
    """(B, C, n) slopes, (B, C, 1) what they should bring -> (B, n) damped least squares.

    Where there are fewer knobs than gains it is solved for the knobs: in changes that no knob tells of, rounding would
    be divided by the damping alone, and the sound would differ from runtime to runtime.
    """
    n_knobs, n_gains = slopes.shape[1:]
    few = n_knobs < n_gains
    system = slopes @ slopes.mT if few else slopes.mT @ slopes
    damped = system + damping * torch.eye(min(n_knobs, n_gains), device=off.device)
    if few:
        return (slopes.mT @ solved(damped, off[..., 0])[..., None])[..., 0]
    return solved(damped, (slopes.mT @ off)[..., 0])


def solved(system: Tensor, wanted: Tensor) -> Tensor:
    """(B, n, n) positive definite, (B, n) -> (B, n): by elimination, which every runtime can do."""
    both = torch.cat([system, wanted[..., None]], dim=-1)
    for index in range(both.shape[1]):
        row = both[:, index : index + 1]
        row = row / row[..., index : index + 1]
        is_row = (torch.arange(both.shape[1], device=both.device) == index)[:, None]
        both = torch.where(is_row, row, both - both[:, :, index : index + 1] * row)
    return both[..., -1]
