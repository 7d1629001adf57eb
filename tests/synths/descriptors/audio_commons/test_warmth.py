"""AudioCommons warmth."""

from itertools import pairwise

import pytest
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
    low, high = (warmth.pooled(audio, torch.full((1, 100), hz)).item() for hz in (150.0, 300.0))
    assert low - high == pytest.approx(8.403340066029507 / 2.0, abs=0.6)


def test_the_noise_floor_does_not_count(second, harmonic_tone):
    """Noise 80 dB below a tone leaves its warmth."""
    audio, f0_hz = harmonic_tone(second, 150.0, -12.0), torch.full((1, 100), 150.0)
    warmth = Warmth(second)
    noisy = audio + 1e-5 * torch.randn_like(audio)
    assert warmth.pooled(noisy, f0_hz).item() == pytest.approx(warmth.pooled(audio, f0_hz).item(), abs=0.05)
