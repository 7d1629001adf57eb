"""Third-octave levels of short frames."""

import numpy as np
import pytest
import scipy.signal
import torch

from synths.descriptors.audio_commons.third_octave_bank import ThirdOctaveBank


def multirate(frame, rate):
    """The bank as it runs sample by sample, from the lowest band."""

    def band(sound, step):
        edges = 1000.0 * 2.0 ** ((step + np.array([-0.5, 0.5])) / 3.0) / (rate / 2.0)
        return np.mean(scipy.signal.lfilter(*scipy.signal.butter(4, edges, "bandpass"), sound) ** 2)

    power = [band(frame, step) for step in (11, 10, 9, 8)]
    for _ in range(8):
        frame = scipy.signal.lfilter(*scipy.signal.cheby1(2, 0.1, 0.4), frame)[1::2]
        power += [band(frame, step) for step in (10, 9, 8)]
    return power[::-1]


@pytest.mark.parametrize("rate", [44100, 48000])
def test_is_the_recursive_bank(rate):
    """Convolution with cut impulse responses is the recursion from rest, to rounding."""
    frame = torch.randn(4096, dtype=torch.float64)
    expected = torch.tensor(multirate(frame.numpy(), rate))
    torch.testing.assert_close(ThirdOctaveBank(rate, 4096).double()(frame), expected, rtol=1e-4, atol=1e-9)


def test_a_tone_is_in_its_band():
    """1 kHz is the seventeenth band from 25 Hz."""
    tone = torch.sin(2 * torch.pi * 1000.0 * torch.arange(4096, dtype=torch.float64) / 44100)
    power = ThirdOctaveBank(44100, 4096).double()(tone)
    assert power.argmax() == 16
    assert power[16].item() == pytest.approx(0.5, rel=0.1)
