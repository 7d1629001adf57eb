"""AudioCommons sharpness."""

from itertools import pairwise

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.audio_commons import AudioCommonsSharpness
from synths.descriptors.audio_commons.din_45631 import Din45631
from synths.descriptors.sound import HeardSound


def test_rises_with_frequency(second, sine):
    """A higher tone is sharper."""
    sounds = torch.cat([sine(second, hz, 0.1) for hz in (250.0, 500.0, 1000.0, 2000.0, 4000.0, 7000.0)])
    values = AudioCommonsSharpness(second).pooled(sounds, torch.ones(6, 100))
    assert all(later > earlier + 3.0 for earlier, later in pairwise(values))


def test_rises_with_the_tilt(second, harmonic_tone):
    """Each 3 dB per octave more is sharper."""
    sounds = torch.cat([harmonic_tone(second, 220.0, tilt) for tilt in (-15, -12, -9, -6, -3)])
    values = AudioCommonsSharpness(second).pooled(sounds, torch.ones(5, 100))
    assert all(later > earlier + 2.0 for earlier, later in pairwise(values))


def test_is_the_weighted_moment_of_loudness(harmonic_tone):
    """Each frame's 0.11 times the mean Bark, more above 14 Bark, averaged by power, through a logarithm."""
    clip = ClipFormat(44100, 16384, 4096)
    descriptor = AudioCommonsSharpness(clip).double()
    sound = harmonic_tone(clip, 150.0, -18.0).double() * torch.linspace(0.02, 0.1, 16384, dtype=torch.float64)
    loudness, power = Din45631(44100).double()(sound)
    bark = torch.arange(1, 241, dtype=torch.float64) / 10.0
    more = torch.where(bark < 14.05, 1.0, ((0.00012 * bark - 0.0056) * bark + 0.1) * bark**2 - 0.81 * bark + 3.5)
    acum = 0.11 * (loudness * more * bark).sum(-1) / loudness.sum(-1).clamp_min(1e-9)
    acum = (acum * power).sum() / power.sum()
    expected = 102.50508921364404 * acum.log10() + 34.432655185001735
    assert descriptor.rating(HeardSound(sound, torch.ones(1, 1))).item() == pytest.approx(expected.item(), abs=0.01)
