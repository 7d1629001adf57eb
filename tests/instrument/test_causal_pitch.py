"""The tracker of a live input: in tune, sure of tones and unsure of noise, and the same as the page's."""

import math

import numpy as np
import pytest
import torch

from instrument.causal_pitch import CausalPitch


def tone(f0_hz, rate, seconds=0.25):
    """Five partials."""
    time_s = torch.arange(round(seconds * rate)) / rate
    return sum(0.3 / k * torch.sin(2.0 * math.pi * k * f0_hz * time_s) for k in range(1, 6))


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_is_in_tune(rate):
    """Five partials, four octaves and more: two cents at most, and sure."""
    tracker = torch.jit.script(CausalPitch(rate))
    for f0_hz in (55.0, 65.4, 261.6, 987.8, 1760.0, 2093.0):
        found_hz, confidence = tracker(tone(f0_hz, rate))
        assert abs(1200.0 * math.log2(found_hz / f0_hz)) < 2.0 and confidence > 0.8


def test_is_unsure_of_silence_and_noise():
    tracker = CausalPitch(16000)
    assert tracker(torch.zeros(4000))[1] == 0.0
    noise = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    assert tracker(noise)[1] < 0.8


@pytest.mark.parametrize("rate", [16000, 48000])
def test_finds_what_the_page_finds(node_job, rate):
    """A tone that glides, with noise in it: the same pitch and confidence every 10 ms."""
    time_s = torch.arange(rate // 2) / rate
    phase = torch.cumsum(200.0 * 2.0 ** (2.0 * time_s), 0) / rate
    sound = sum(0.2 / k * torch.sin(2.0 * math.pi * k * phase) for k in range(1, 6))
    sound = sound + 0.02 * torch.randn(len(sound), generator=torch.Generator().manual_seed(0))
    page = np.array(node_job("tracker", rate=rate, sound=sound.tolist()))[:, :2]
    tracker, hop = torch.jit.script(CausalPitch(rate)), rate // 100
    padded = torch.cat([torch.zeros(tracker.n_past), sound])
    own = np.array([tracker(padded[: tracker.n_past + hop * (frame + 1)]) for frame in range(len(page))])
    assert len(page) == 50
    np.testing.assert_allclose(own[5:], page[5:], rtol=1e-3, atol=1e-3)
