"""AudioCommons depth."""

import math
from itertools import pairwise

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.audio_commons import Depth


def test_a_tone_below_the_crossovers_is_the_closed_form(sine):
    """100 Hz, steady for two seconds: the filters pass nearly all, and one second is left from its middle."""
    clip = ClipFormat(44100, 88200, 441)
    low = 1.0 / (1.0 + (100.0 / 500.0) ** 4) ** 3
    high = 1.0 / (1.0 + (20.0 / 100.0) ** 4) ** 3
    assert high == pytest.approx(1.0, abs=0.01)
    expected = -0.0043703565847874465 * 100.0 + 32.83743202462131 * low - 14.217438690256062 * 2.0 + 66.69534394444391
    value = Depth(clip).measure(sine(clip, 100.0, 0.1), torch.full((1, 200), 100.0)).item()
    assert value == pytest.approx(expected, abs=0.3)


def test_falls_with_the_pitch_and_the_tilt(second, harmonic_tone):
    """Low notes are deep, dark ones are deeper."""
    depth = Depth(second)
    pitched = [
        depth.measure(harmonic_tone(second, hz), torch.full((1, 100), hz)).item() for hz in (55.0, 110.0, 220.0, 440.0)
    ]
    tilted = [
        depth.measure(harmonic_tone(second, 110.0, tilt), torch.full((1, 100), 110.0)).item() for tilt in (-18, -9, 0)
    ]
    assert all(later < earlier - 2.0 for earlier, later in pairwise(pitched))
    assert all(later < earlier - 2.0 for earlier, later in pairwise(tilted))


def test_longer_decays_are_deeper(second, sine):
    """A tenfold time to -40 dB is worth eight points of a low tone, as the regression has it."""
    time_s, f0_hz = torch.arange(16000) / 16000, torch.full((1, 100), 100.0)
    values = [
        Depth(second).pooled(sine(second, 100.0, 0.1) * 10.0 ** (-2.0 * time_s / seconds), f0_hz).item()
        for seconds in (0.08, 0.8)
    ]
    low = 1.0 / (1.0 + (100.0 / 500.0) ** 4) ** 3
    expected = 4.750862716905235 + 3.8782339862813924 * low - 0.8544826091735516 / 1.2
    assert values[1] - values[0] == pytest.approx(expected, abs=1.0)
    assert not math.isclose(*values)


def test_pooled_counts_from_the_loudest_block(sine):
    """A steady tone, half a dB louder for a moment: what is left from there on counts, which training blurs."""
    clip = ClipFormat(44100, 88200, 441)
    f0 = 2.0 * 44100 / 256  # two periods a block: all are equally loud
    tone = sine(clip, f0, 0.1) * torch.linspace(0.0, 20.0, 88200).clamp_max(1.0)
    early, late = tone.clone(), tone.clone()
    early[:, 60 * 256 : 61 * 256] *= 1.06
    late[:, 280 * 256 : 281 * 256] *= 1.06
    depth, f0_hz = Depth(clip), torch.full((1, 200), f0)
    ratio = 1.0 / (1.0 + (f0 / 500.0) ** 4) ** 3
    weight = 4.750862716905235 + 3.8782339862813924 * ratio - 0.8544826091735516 * ratio**10 / (ratio**10 + 0.2)
    expected = weight * math.log10((345 - 60) / (345 - 280))
    assert (depth.pooled(early, f0_hz) - depth.pooled(late, f0_hz)).item() == pytest.approx(expected, abs=0.05)
    assert (depth.measure(early, f0_hz) - depth.measure(late, f0_hz)).item() < 0.5 * expected
