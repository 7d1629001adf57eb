"""Phase, and which partials are audible."""

import math
from itertools import pairwise

import pytest
import torch

from synths.oscillator import audible_harmonics, frame_phase, phase_turns


@pytest.mark.parametrize(("f0_hz", "expected"), [(0.0, 50), (100.0, 50), (1000.0, 7), (1001.0, 7), (999.0, 8)])
def test_audible_harmonics(f0_hz, expected):
    """A partial exactly at Nyquist is not below it."""
    assert audible_harmonics(torch.full((1, 3), f0_hz), 50, 16000).eq(expected).all()


def test_audible_harmonics_looks_at_neighbours():
    """A partial fades before it reaches Nyquist: the frames beside a high one count as high."""
    f0_hz = torch.tensor([[100.0, 100.0, 3000.0, 100.0, 100.0]])
    assert audible_harmonics(f0_hz, 50, 16000).tolist() == [[50, 2, 2, 2, 50]]


def radians_off(turns, exact):
    """Distance of phases on the circle, in radians."""
    difference = (turns - exact + 0.5) % 1.0 - 0.5
    return 2 * math.pi * abs(difference)


@pytest.mark.parametrize("shape", ["steady", "vibrato"])
def test_phase_after_ten_minutes(shape):
    """600 s of 10 ms frames: within 1e-3 rad of exact rational arithmetic, also for the 100th partial."""
    n_frames, hop, sample_rate = 60_000, 10, 1000  # the rate is low to be light: frames and turns are a real note's
    t = torch.arange(n_frames) / 100
    f0_hz = torch.full((n_frames,), 440.1) if shape == "steady" else 440.1 * 2 ** (torch.sin(34.0 * t) / 24)
    turns = phase_turns(f0_hz[None], hop, sample_rate)[0, -1, 0].item()
    # float32 from 64 to 4096 are multiples of 2^-17: the sums below are exact integers
    exact_hz = [int(value * 2**17) for value in f0_hz.double().tolist()]
    halves = sum(2 * hop * a + (hop - 1) * (b - a) for a, b in pairwise(exact_hz))
    cycle = 2 * sample_rate * 2**17
    assert radians_off(turns, (halves % cycle) / cycle) < 1e-5


def test_phase_is_the_running_sum_of_frequency(pitch, between):
    """Phase at each sample is the sum of the frequencies before it, wrapped to 0..1."""
    f0_hz = pitch("glide", 2, 12)
    per_sample = between(f0_hz.double(), 37) / 44100
    exact = (per_sample.cumsum(1) - per_sample).numpy()
    turns = phase_turns(f0_hz, 37, 44100)
    assert turns.shape == (2, 12, 37) and turns.dtype == torch.float32
    assert turns.min() >= 0 and turns.max() <= 1
    assert max(radians_off(a, b) for a, b in zip(turns.double().flatten().tolist(), exact.ravel(), strict=True)) < 1e-6


def test_each_hop_starts_where_the_last_one_ends(pitch):
    """Start, cycles and step of a hop say the phase of the next one's first sample."""
    start, cycles, step = frame_phase(pitch("vibrato", 2, 30), 100, 16000).unbind(-1)
    ahead = start + 100 * cycles + 100 * 99 / 200 * step
    assert not start[:, 0].any()
    assert radians_off(ahead[:, :-1], start[:, 1:]).max() < 1e-9
    torch.testing.assert_close((cycles + step)[:, :-1], cycles[:, 1:])


def test_phase_is_differentiable(pitch):
    """A higher pitch in the first frame advances every later hop: by half a hop per Hz, and by its first half."""
    f0_hz = pitch("steady", 1, 5).requires_grad_()
    (gradient,) = torch.autograd.grad(frame_phase(f0_hz, 160, 16000)[0, -1, 0], f0_hz)
    torch.testing.assert_close(gradient[0], torch.tensor([80.5, 160.0, 160.0, 160.0, 79.5]) / 16000)
