"""Dips lie where the sound repeats, to a hundredth of a sample."""

from itertools import pairwise

import numpy as np
import pytest

from sounds.repeats import MOST_DIPS, WINDOWS, dips


def deepest(audio, sample_rate, time_s=0.5):
    """The shortest of the deepest dips around a moment, and its depth."""
    found = dips(np.asarray(audio, np.float32), sample_rate, np.array([time_s, time_s + 0.01]))
    period_s, depth = found.period_s[0], found.depth[0]
    best = (period_s > 0) & (depth < depth.min() + 0.002)
    at = np.flatnonzero(best)[period_s[best].argmin()]
    return period_s[at], depth[at]


@pytest.mark.parametrize("sample_rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("f0_hz", [27.5, 61.7, 130.8, 440.0, 1046.5, 2349.3, 4186.0, 6500.0])
def test_a_sine_repeats_after_its_period(sample_rate, f0_hz):
    audio = 0.1 * np.sin(2 * np.pi * f0_hz * np.arange(sample_rate) / sample_rate)
    period_s, depth = deepest(audio, sample_rate)
    assert 1200 * abs(np.log2(period_s * f0_hz)) < 10 and depth < 0.01


def test_equal_level_is_assumed():
    """A sound that dies away by 60 dB in a fifth of a second is the same again one period later."""
    t = np.arange(16000) / 16000
    audio = (
        0.5 * sum(np.sin(2 * np.pi * 220 * k * t) / k for k in (1, 2, 3)) * 10 ** (-3 * np.maximum(t - 0.4, 0) / 0.2)
    )
    period_s, depth = deepest(audio, 16000)
    assert period_s == pytest.approx(1 / 220, rel=2e-3) and depth < 0.01


def test_depth_is_the_share_of_noise():
    """Noise of a tenth of the power: one minus the correlation is 1/11, over a mean of about one."""
    rng = np.random.default_rng(0)
    sine = np.sin(2 * np.pi * 500 * np.arange(16000) / 16000)
    depths = [deepest(0.1 * (sine + rng.normal(0, np.sqrt(0.05), 16000)), 16000)[1] for _ in range(20)]
    assert np.mean(depths) == pytest.approx(1 / 11, abs=0.03)


def test_silence_and_a_constant_have_no_dips():
    for audio in (np.zeros(16000), np.full(16000, 0.5)):
        found = dips(np.asarray(audio, np.float32), 16000, np.array([0.3, 0.5]))
        assert not found.period_s.any()


def test_every_period_is_sought_in_some_window():
    ends = [(window.shortest_s, window.longest_s) for window in WINDOWS]
    assert all(later[0] < earlier[1] for earlier, later in pairwise(ends))
    assert all(window.length_s >= 2.5 * window.longest_s for window in WINDOWS)
    found = dips(np.zeros(1600, np.float32), 16000, np.arange(10) / 100)
    assert found.period_s.shape == found.depth.shape == (10, MOST_DIPS * len(WINDOWS))
