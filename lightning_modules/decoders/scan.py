"""A linear recurrence over frames in two short loops instead of one long one."""

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor


def linear_scan(decay: Tensor, value: Tensor, start: Tensor) -> Tensor:
    """h[t] = decay[t] h[t - 1] + value[t], h[-1] = start; the memory of a minGRU (Feng et al. 2024, section 3).

    Frames are cut into about sqrt(F) pieces that are scanned side by side, then joined (Blelloch 1990, section 1.5):
    2 sqrt(F) steps instead of F. Nothing is divided and no logarithm is taken, so decays of 0 are exact. Gradients are
    the same scan backwards, of any order.

    Args:
        decay: (B, F, H), 0..1
        value: (B, F, H)
        start: (B, H)

    Returns:
        (B, F, H)
    """
    first = value[:, :1] + decay[:, :1] * start[:, None]
    if value.shape[1] == 1:
        return first
    states: Tensor = _Scan.apply(decay, torch.cat([first, value[:, 1:]], dim=1), False)
    return states


class _Scan(torch.autograd.Function):
    """The recurrence from a state of zero, forwards or backwards in time: h[t] = decay[t + 1] h[t + 1] + value[t]."""

    @staticmethod
    def forward(ctx: Any, decay: Tensor, value: Tensor, backwards: bool) -> Tensor:
        states = _in_pieces(_later(decay) if backwards else decay, value, backwards)
        ctx.save_for_backward(decay, states)
        ctx.backwards = backwards
        return states

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor, None]:
        decay, states = ctx.saved_tensors
        to_value: Tensor = _Scan.apply(decay, grad_outputs[0], not ctx.backwards)
        into, out_of = (to_value, states) if not ctx.backwards else (states, to_value)
        return into * _earlier(out_of), to_value, None


def _earlier(x: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], dim=1)


def _later(x: Tensor) -> Tensor:
    return torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], dim=1)


def _in_pieces(decay: Tensor, value: Tensor, backwards: bool) -> Tensor:
    n_frames = value.shape[1]
    states, reach = _pieces(value), _pieces(decay)
    frames, pieces = list(range(states.shape[2])), list(range(states.shape[1]))
    if backwards:
        frames.reverse()
        pieces.reverse()
    for before, t in pairwise(frames):
        states[:, :, t].addcmul_(reach[:, :, t], states[:, :, before])  # here reach is still this frame's own decay
        reach[:, :, t].mul_(reach[:, :, before])
    for before, piece in pairwise(pieces):
        states[:, piece].addcmul_(reach[:, piece], states[:, before, frames[-1:]])
    return states.flatten(1, 2)[:, :n_frames]


def _pieces(x: Tensor) -> Tensor:
    """(B, F, H) -> a copy in (B, P, L, H) pieces of about sqrt(F) frames, filled up with zeros."""
    batch, n_frames, width = x.shape
    length = math.isqrt(n_frames - 1) + 1
    pieces = x.new_empty(batch, -(-n_frames // length) * length, width)
    pieces[:, :n_frames] = x
    pieces[:, n_frames:] = 0.0
    return pieces.reshape(batch, -1, length, width)
