"""Specific loudness of the AudioCommons models."""

import pytest

from synths import ClipFormat
from synths.descriptors.audio_commons.din_45631 import Din45631


@pytest.mark.parametrize("rate", [44100, 48000])
def test_known_loudness_of_a_tone(rate, sine):
    """1 kHz at 60 dB is four sone, ten dB less half of it; what the frames' hard edges spread adds to both."""
    clip = ClipFormat(rate, 30 * 441, 441)
    sones = [
        0.1 * Din45631(rate)(sine(clip, 1000.0, 2**0.5 * 10 ** (level_db / 20 - 5)))[0][0, 1].sum().item()
        for level_db in (60.0, 50.0)
    ]
    assert sones[0] == pytest.approx(4.5, abs=0.5)
    assert sones[0] / sones[1] == pytest.approx(2.0, abs=0.25)


def test_a_tone_is_loudest_in_its_own_band(sine):
    """1 kHz is 8.5 Bark: the pattern peaks from 7.9 to 9.2 and falls to both sides."""
    clip = ClipFormat(44100, 8820, 441)
    pattern = Din45631(44100)(sine(clip, 1000.0, 0.014))[0][0, 1]
    assert 7.9 <= 0.1 * (pattern.argmax() + 1) < 9.2
    assert pattern[40] < 0.15 * pattern.max()
    assert pattern[180] < 0.15 * pattern.max()


def test_frames_and_their_power(sine):
    """Frames of 4096, the last filled with silence, a silent one behind a sound that ends with a frame."""
    clip = ClipFormat(44100, 8192, 4096)
    loudness, power = Din45631(44100)(sine(clip, 1000.0, 0.1))
    assert loudness.shape == (1, 3, 240)
    assert power[0].tolist() == pytest.approx([0.005, 0.005, 0.0], rel=0.01)
    assert not loudness[0, 2].any()


def test_below_the_threshold_is_nothing(sine):
    """A tone at -10 dB SPL is not heard, and pulls at nothing."""
    audio = sine(ClipFormat(44100, 4410, 441), 1000.0, 10**-5.5).requires_grad_()
    loudness, _ = Din45631(44100)(audio)
    loudness.sum().backward()
    assert not loudness.any()
    assert not audio.grad.any()
