"""The AudioCommons front end: one loudness, 44.1 kHz at least."""

import math

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.audio_commons.front_end import LoudnessNormalised, Upsampled


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_a_sine_comes_out_at_minus_24_lufs(rate, sine):
    """BS.1770: a full-scale sine of 997 Hz in one channel is -3.01 LUFS."""
    clip = ClipFormat(rate, 100 * (rate // 100), rate // 100)
    for amplitude in (1e-4, 0.5):
        out = LoudnessNormalised(clip)(sine(clip, 997.0, amplitude))
        assert 20 * math.log10(out.abs().max()) == pytest.approx(-24.0 + 3.01, abs=0.1)


def test_pauses_are_gated(second, sine):
    """A tone is as loud with a pause behind it, but for the blocks that hold both."""
    tone = sine(second, 997.0, 0.1)
    gain = [LoudnessNormalised(second)(sound)[0, :8000].abs().max() for sound in (tone, torch.cat([tone, 0 * tone], 1))]
    assert 20 * math.log10(gain[1] / gain[0]) == pytest.approx(0.0, abs=1.0)


def test_peaks_stay_within_one(second):
    """A click is not raised beyond full scale."""
    click = torch.zeros(1, 16000)
    click[0, 8000] = 0.01
    assert LoudnessNormalised(second)(click).abs().max().item() == pytest.approx(1.0)


def test_short_sounds_are_as_loud_as_in_a_block_of_silence(second, sine):
    """Less than 400 ms is measured as if silence followed."""
    short = sine(second, 997.0, 0.1)[:, :1600]
    padded = torch.nn.functional.pad(short, (0, 4800))
    normalised = LoudnessNormalised(second)
    torch.testing.assert_close(normalised(short), normalised(padded)[:, :1600], rtol=1e-3, atol=0.0)


def test_upsampling_keeps_the_wave(second, sine):
    """A sine at 16 kHz is the sine at 44.1 kHz, away from the ends."""
    out = Upsampled(second)(sine(second, 1000.0))
    expected = torch.sin(2 * math.pi * 1000.0 * torch.arange(44100, dtype=torch.float64) / 44100).float()
    torch.testing.assert_close(out[0, 1000:-1000], expected[1000:-1000], atol=1e-4, rtol=0.0)
