"""AudioCommons boominess."""

from itertools import pairwise

import torch

from synths.descriptors.audio_commons import Booming


def test_low_tones_boom(second, sine):
    """A lower tone booms more."""
    sounds = torch.cat([sine(second, hz, 0.1) for hz in (1000.0, 500.0, 250.0, 120.0)])
    values = Booming(second).pooled(sounds, torch.ones(4, 100))
    assert all(later > earlier + 2.0 for earlier, later in pairwise(values))


def test_falls_with_the_tilt(second, harmonic_tone):
    """The more there is above the fundamental, the less it booms."""
    sounds = torch.cat([harmonic_tone(second, 110.0, tilt) for tilt in (-18, -12, -6, 0)])
    values = Booming(second).pooled(sounds, torch.ones(4, 100))
    assert all(later < earlier - 2.0 for earlier, later in pairwise(values))


def test_silence_behind_a_sound_counts_as_quiet(second, sine):
    """The low level is a mean over all frames, the index one by power: a pause of equal length adds 10.9 log10(2)."""
    tone = sine(second, 120.0, 0.1)
    with_pause = torch.cat([tone, 0.0 * tone], 1)
    booming = Booming(second)
    change = booming.pooled(with_pause, torch.ones(1, 200)) - booming.pooled(tone, torch.ones(1, 100))
    assert 1.0 < change.item() < 5.0
