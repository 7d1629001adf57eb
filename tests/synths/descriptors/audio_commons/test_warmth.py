"""AudioCommons warmth."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.signal
import torch

from synths import ClipFormat
from synths.descriptors.audio_commons import Warmth


def test_dark_tones_are_warm(second, harmonic_tone):
    """Each 3 dB per octave more is colder."""
    sounds = torch.cat([harmonic_tone(second, 150.0, tilt) for tilt in (-15, -12, -9, -6, -3)])
    values = Warmth(second).pooled(sounds, torch.full((5, 100), 150.0))
    assert all(later < earlier - 0.5 for earlier, later in pairwise(values))


def test_a_low_fundamental_adds_its_share(sine):
    """Power of 1/2 at 150 Hz: 8.4 points of it, less what leaks below, unless the fundamental is said to be higher."""
    clip = ClipFormat(44100, 44100, 441)
    audio = sine(clip, 150.0, 0.1) + sine(clip, 600.0, 0.1)
    warmth = Warmth(clip)
    low, high = (warmth.measure(audio, torch.full((1, 100), hz)).item() for hz in (150.0, 300.0))
    assert low - high == pytest.approx(8.403340066029507 / 2.0, abs=0.6)


def test_the_noise_floor_does_not_count_in_training(second, harmonic_tone):
    """Noise 80 dB below a tone leaves the warmth that is measured for training."""
    audio, f0_hz = harmonic_tone(second, 150.0, -12.0), torch.full((1, 100), 150.0)
    warmth = Warmth(second)
    noisy = audio + 1e-5 * torch.randn_like(audio)
    assert warmth.measure(noisy, f0_hz).item() == pytest.approx(warmth.measure(audio, f0_hz).item(), abs=0.05)


def test_pooled_counts_how_straight_the_spectrum_falls():
    """17.3 points of R squared, as scipy's spectrogram and numpy's line have it, in place of the typical 0.8."""
    clip = ClipFormat(44100, 22050, 441)
    draw = np.random.default_rng(0)
    audio, f0_hz = np.cumsum(draw.standard_normal(22050)) * 1e-3, torch.full((1, 50), 200.0)
    frequency_hz, _, power = scipy.signal.spectrogram(audio, 44100, nperseg=8192)
    above = frequency_hz > 700.0
    octave, level = np.log10(frequency_hz[above]), np.log10(power.sum(1)[above])
    r_squared = np.corrcoef(octave, level)[0, 1] ** 2
    warmth, sound = Warmth(clip).double(), torch.from_numpy(audio)[None]
    counted = warmth.pooled(sound, f0_hz.double()) - warmth.measure(sound, f0_hz.double())[:, 0]
    assert 0.3 < r_squared < 0.98
    assert counted.item() == pytest.approx(17.274733561081554 * (r_squared - 0.8), abs=0.02)
