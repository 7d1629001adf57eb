"""The temporal centroid of envelopes whose centre of gravity is known."""

import math

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.temporal_centroid import TemporalCentroid


@pytest.fixture
def two_seconds():
    """Two seconds at 16 kHz."""
    return ClipFormat(16000, 32000, 160)


def carrier(n_samples):
    """A square wave: its envelope is exact in every frame."""
    return torch.where(torch.arange(n_samples) % 20 < 10, 1.0, -1.0)[None]


def centroid_s(clip, audio):
    """Temporal centroid of a sound of any length."""
    return TemporalCentroid(clip).measure(audio, torch.zeros(1, audio.shape[-1] // clip.hop)).item()


@pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 0.1), (0.5, 0.7), (1.0, 1.01), (0.0, 2.0), (1.9, 2.0)])
def test_burst_balances_at_its_middle(start_s, stop_s, two_seconds):
    """Sound from one time to another."""
    audio = torch.zeros(1, 32000)
    start, stop = round(start_s * 16000), round(stop_s * 16000)
    audio[:, start:stop] = 0.5 * carrier(stop - start)
    assert centroid_s(two_seconds, audio) == pytest.approx((start_s + stop_s) / 2, abs=1e-4)


@pytest.mark.parametrize(("sample_rate", "hop"), [(22050, 220), (44100, 441), (48000, 480)])
def test_every_rate(sample_rate, hop):
    """A tenth of a second that starts after a fifth."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    audio = torch.zeros(1, 100 * hop)
    audio[:, sample_rate // 5 : 3 * sample_rate // 10] = 0.5
    assert centroid_s(clip, audio) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("decay_s", [0.1, 0.5, 2.0])
def test_exponential_decay(decay_s, two_seconds):
    """The integral of t exp(-t / d) over that of exp(-t / d), to the clip's end T: d - T / (exp(T / d) - 1)."""
    envelope = torch.exp(-torch.arange(32000) / 16000 / decay_s)
    expected = decay_s - 2.0 / math.expm1(2.0 / decay_s)
    assert centroid_s(two_seconds, 0.8 * envelope * carrier(32000)) == pytest.approx(expected, abs=1e-3)


def test_swell_is_late(two_seconds):
    """A linear rise balances at two thirds."""
    audio = torch.linspace(0, 1, 32000) * carrier(32000)
    assert centroid_s(two_seconds, audio) == pytest.approx(4 / 3, abs=1e-3)


def test_the_whole_sound_counts(two_seconds):
    """However much longer than a clip: two bursts balance between them."""
    audio = torch.zeros(1, 80000)
    for at in (3200, 64000):
        audio[:, at : at + 1600] = 0.5 * carrier(1600)
    assert centroid_s(two_seconds, audio) == pytest.approx((0.25 + 4.05) / 2, abs=1e-4)


def test_silence_balances_in_the_middle(two_seconds):
    """Silence has no centre but the sound's."""
    assert centroid_s(two_seconds, torch.zeros(1, 32000)) == pytest.approx(1.0, abs=1e-3)
