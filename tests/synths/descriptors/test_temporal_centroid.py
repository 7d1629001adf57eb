"""The temporal centroid of envelopes whose centre of gravity is known."""

import math

import pytest
import torch

from synths import ClipFormat, TemporalCentroid


@pytest.fixture
def two_seconds():
    """Two seconds at 16 kHz."""
    return ClipFormat(16000, 32000, 160)


def carrier(n_samples):
    """A square wave: its envelope is exact in every frame."""
    return torch.where(torch.arange(n_samples) % 20 < 10, 1.0, -1.0)[None]


@pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 0.1), (0.5, 0.7), (1.0, 1.01), (0.0, 2.0), (1.9, 2.0)])
def test_burst_balances_at_its_middle(start_s, stop_s, two_seconds):
    """Sound from one time to another."""
    audio = torch.zeros(1, 32000)
    start, stop = round(start_s * 16000), round(stop_s * 16000)
    audio[:, start:stop] = 0.5 * carrier(stop - start)
    measured = TemporalCentroid(two_seconds).measure(audio)
    torch.testing.assert_close(measured, torch.full((1, 200), (start_s + stop_s) / 2), atol=1e-4, rtol=0)


@pytest.mark.parametrize("decay_s", [0.1, 0.5, 2.0])
def test_exponential_decay(decay_s, two_seconds):
    """The integral of t exp(-t / d) over that of exp(-t / d), to the clip's end T: d - T / (exp(T / d) - 1)."""
    envelope = torch.exp(-torch.arange(32000) / 16000 / decay_s)
    expected = decay_s - 2.0 / math.expm1(2.0 / decay_s)
    measured = TemporalCentroid(two_seconds).measure(0.8 * envelope * carrier(32000))
    torch.testing.assert_close(measured, torch.full((1, 200), expected), atol=1e-3, rtol=0)


def test_swell_is_late(two_seconds):
    """A linear rise balances at two thirds."""
    audio = torch.linspace(0, 1, 32000) * carrier(32000)
    assert TemporalCentroid(two_seconds).measure(audio)[0, 0].item() == pytest.approx(4 / 3, abs=1e-3)


def test_long_sound_is_measured_clip_by_clip(two_seconds):
    """Two clip lengths and a half: each says its own, the last one padded with silence."""
    audio = torch.zeros(1, 80000)
    for at in (3200, 32000 + 16000, 64000 + 8000):
        audio[:, at : at + 1600] = 0.5 * carrier(1600)
    expected = torch.tensor([0.25, 1.05, 0.55]).repeat_interleave(200)[:500]
    torch.testing.assert_close(TemporalCentroid(two_seconds).measure(audio)[0], expected, atol=1e-4, rtol=0)


def test_silence_balances_in_the_middle(two_seconds):
    """Silence has no centre but the clip's."""
    measured = TemporalCentroid(two_seconds).measure(torch.zeros(1, 32000))
    torch.testing.assert_close(measured, torch.ones(1, 200), atol=1e-3, rtol=0)
