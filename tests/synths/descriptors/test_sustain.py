"""Sustain: how long after its attack a note sounds, where the answer is known."""

import math

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.sustain import Sustain
from synths.descriptors.temporal_centroid import TemporalCentroid

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]


def sustain_s(clip, envelope):
    """Sustain of a tone with this envelope."""
    time_s = torch.arange(clip.n_samples) / clip.sample_rate
    audio = (envelope * torch.sin(2 * torch.pi * 441.0 * time_s))[None]
    return Sustain(clip).measure(audio, torch.zeros(1, clip.n_frames)).item()


def since(clip, start_s):
    """(N,) seconds since a moment."""
    return torch.arange(clip.n_samples) / clip.sample_rate - start_s


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
@pytest.mark.parametrize("start_s", [0.0, 0.3])
def test_steady_tone_has_half_of_what_is_left(start_s, sample_rate, hop):
    """A tone of 0.6 s, wherever it lies."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    time_s = since(clip, start_s)
    assert sustain_s(clip, 0.3 * ((time_s >= 0) & (time_s < 0.6))) == pytest.approx(0.3, abs=3e-3)


@pytest.mark.parametrize("decay_s", [0.02, 0.1, 0.4])
def test_exponential_decay_has_its_time_constant(decay_s):
    """Integral of t exp(-t / d) over that of exp(-t / d), up to the end T: d - T / (exp(T / d) - 1)."""
    clip = ClipFormat(16000, 32000, 160)
    time_s = since(clip, 0.5)
    expected = decay_s - 1.5 / math.expm1(1.5 / decay_s)
    measured = sustain_s(clip, torch.exp(-time_s / decay_s) * (time_s >= 0))
    assert measured == pytest.approx(expected, abs=4e-3)


def test_hardly_depends_on_the_attack():
    """From 5 to 200 ms of attack the temporal centroid moves by 0.1 s, the sustain by a third of it."""
    clip = ClipFormat(16000, 48000, 160)
    sustain, centroid = [], []
    for attack_s in (0.005, 0.05, 0.2):
        time_s = since(clip, 0.1)
        envelope = (time_s / attack_s).clamp(0, 1) * torch.exp(-(time_s - attack_s).clamp_min(0) / 0.4)
        sustain.append(sustain_s(clip, envelope))
        audio = (envelope * torch.sin(2 * torch.pi * 441.0 * time_s))[None]
        centroid.append(TemporalCentroid(clip).measure(audio, torch.zeros(1, 300)).item())
    assert max(centroid) - min(centroid) > 0.09
    assert max(sustain) - min(sustain) < 0.34 * (max(centroid) - min(centroid))


def test_silence_is_zero(second):
    """Nothing goes on."""
    assert sustain_s(second, torch.zeros(16000)) == 0.0
