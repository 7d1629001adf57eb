"""Brightness: where the spectrum's balance lies, in ERB-rate."""

from itertools import pairwise

import pytest
import torch

from synths import Brightness, ClipFormat
from synths.signal import hz_to_erb_rate


def middle(value):
    """The value half way through the first clip."""
    return value[0, value.shape[1] // 2].item()


@pytest.mark.parametrize(("sample_rate", "hop"), [(16000, 160), (44100, 441), (48000, 480)])
@pytest.mark.parametrize("frequency_hz", [220.0, 1000.0, 4000.0])
def test_pure_tone_is_its_own_erb_rate(sample_rate, hop, frequency_hz, sine):
    """One partial balances at itself."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    expected = hz_to_erb_rate(torch.tensor(frequency_hz)).item()
    assert middle(Brightness(clip).measure(sine(clip, frequency_hz, 0.5))) == pytest.approx(expected, abs=0.1)


def test_two_tones_balance_by_amplitude(second, sine):
    """Amplitudes 3 and 1 balance a quarter of the way up the ERB-rate scale."""
    audio = sine(second, 500.0, 0.3) + sine(second, 4000.0, 0.1)
    low, high = hz_to_erb_rate(torch.tensor([500.0, 4000.0])).tolist()
    assert middle(Brightness(second).measure(audio)) == pytest.approx(0.75 * low + 0.25 * high, abs=0.1)


def test_rises_with_the_tilt(second, harmonic_tone):
    """Each 3 dB per octave more is brighter, at the same pitch."""
    values = [middle(Brightness(second).measure(harmonic_tone(second, 220.0, tilt))) for tilt in (-15, -12, -9, -6, -3)]
    assert all(later > earlier + 0.3 for earlier, later in pairwise(values))


def test_silence_is_zero(second):
    """Nothing weighs nothing."""
    assert not Brightness(second).measure(torch.zeros(1, 16000)).any()
