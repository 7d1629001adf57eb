"""Which frames of a note count, and the mean over those that do."""

import torch
from torch import Tensor

SILENCE_DB = -80.0
"""Frames below this level, 0 dB being a full-scale sine, have no spectrum to speak of."""


def within_db(power: Tensor, range_db: float) -> Tensor:
    """(B, F) power -> (B, F), true where a frame is within range_db of its note's loudest and is not silent."""
    loudest = power.amax(dim=-1, keepdim=True)
    return (power >= loudest * 10 ** (-range_db / 10)) & (power > 10 ** (SILENCE_DB / 10))


def is_silent(audio: Tensor) -> Tensor:
    """(B, N) audio -> (B,), true where a whole note stays below SILENCE_DB."""
    sine_power = 0.5
    return audio.square().mean(dim=-1) <= sine_power * 10 ** (SILENCE_DB / 10)


def mean_where(counts: Tensor, values: Tensor) -> Tensor:
    """(B, F) booleans and (B, F) values -> (B,) mean over the frames that count, NaN where none does."""
    return torch.where(counts, values, 0.0).sum(dim=-1) / counts.sum(dim=-1)
