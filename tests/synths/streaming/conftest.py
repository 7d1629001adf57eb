"""Curves, parameters and blocks: what every streaming layer is tried on."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

N_FRAMES = 70
IRREGULAR = [1, 5, 2, 30, 1, 1, 30]


def _curves() -> dict[str, Tensor]:
    frame = torch.arange(N_FRAMES)
    steps = torch.full((N_FRAMES,), 150.0)
    steps[20:40], steps[40:] = 3000.0, 70.0
    return {
        "steady": torch.full((N_FRAMES,), 220.0),
        "glide": 80.0 * torch.exp(math.log(20.0) * frame / N_FRAMES),
        "vibrato": 440.0 * 2.0 ** (torch.sin(frame / 3.0) / 12.0),
        "through zero": (400.0 * torch.sin(frame / 9.0)).clamp_min(0.0),
        "through Nyquist": 5000.0 + 4500.0 * torch.sin(frame / 5.0),
        "falls at the end": torch.linspace(9000.0, 450.0, N_FRAMES),
        "steps": steps,
    }


@pytest.fixture(params=_curves().items(), ids=lambda item: item[0])
def f0_hz(request: pytest.FixtureRequest) -> Tensor:
    """(1, F) pitch in Hz."""
    return request.param[1][None]


@pytest.fixture
def glide() -> Tensor:
    """(1, F) pitch in Hz."""
    return _curves()["glide"][None]


@pytest.fixture(params=[[1], [2], [3], [7], [64], IRREGULAR], ids=str)
def blocks(request: pytest.FixtureRequest) -> list[int]:
    """Frames per block, over and over."""
    return request.param


@pytest.fixture
def parameters_of() -> Callable[..., dict[str, Tensor]]:
    """Sizes, batch, frames, hop -> random raw parameters with their white noise."""

    def build(sizes: dict[str, int], batch: int = 1, n_frames: int = N_FRAMES, hop: int = 64) -> dict[str, Tensor]:
        raw = {name: 2.0 * torch.randn(batch, n_frames, size) for name, size in sizes.items()}
        if "noise_bands" in raw:
            raw["noise_bands"] += 3.0
        return raw | {"white_noise": 2.0 * torch.rand(batch, n_frames, hop) - 1.0}

    return build


@pytest.fixture
def streamed() -> Callable[..., Tensor]:
    """Streaming part or synth, pitch, parameters, blocks -> (B, N) audio with the end, aligned with offline."""

    def run(stream, f0_hz: Tensor, parameters: dict[str, Tensor], blocks: list[int]) -> Tensor:
        state, given, start = stream.initial_state(len(f0_hz)), [], 0
        while start < f0_hz.shape[1]:
            block = slice(start, start + blocks[len(given) % len(blocks)])
            sliced = {name: value[:, block] for name, value in parameters.items()}
            audio, state = stream(f0_hz[:, block], sliced, state)
            given.append(audio)
            start = block.stop
        return torch.cat([*given, stream.finish(state)], dim=1)[:, stream.latency_frames * stream.hop :]

    return run
