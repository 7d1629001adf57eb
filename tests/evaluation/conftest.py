"""Notes with known answers, and the format they come in."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from evaluation.resynthesis import Pair
from synths.clip import ClipFormat


@pytest.fixture
def clip() -> ClipFormat:
    """One second at 16 kHz."""
    return ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


@pytest.fixture
def tone(clip: ClipFormat) -> Callable[..., Tensor]:
    """Frequency, amplitude -> (1, N) sine."""

    def build(f0_hz: float, amplitude: float = 0.5, phase: float = 0.0) -> Tensor:
        time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
        return (amplitude * torch.sin(2 * math.pi * f0_hz * time_s + phase)).float()[None]

    return build


@pytest.fixture
def noise(clip: ClipFormat) -> Callable[..., Tensor]:
    """Seed, amplitude -> (1, N) white noise."""

    def build(seed: int = 0, amplitude: float = 0.1) -> Tensor:
        return amplitude * torch.randn(1, clip.n_samples, generator=torch.Generator().manual_seed(seed))

    return build


@pytest.fixture
def pair_of(clip: ClipFormat) -> Callable[..., Pair]:
    """Target, output (B, N) and their pitches in Hz -> a Pair of which the tracker is certain."""

    def build(target: Tensor, output: Tensor, target_hz: float = 440.0, output_hz: float = 440.0) -> Pair:
        ones = torch.ones(len(target), clip.n_frames)
        return Pair(target, output, target_hz * ones, output_hz * ones, ones, ones)

    return build
