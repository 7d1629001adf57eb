"""Level: decibels below a full-scale 1 kHz sine, A-weighted."""

import librosa
import pytest
import torch

from synths import ClipFormat, Level, sounding_frames

RATES = [(16000, 160), (44100, 441), (48000, 480)]


def measured(clip, audio):
    """(B, F) level; the pitch does not matter."""
    return Level(clip).measure(audio, torch.ones(len(audio), audio.shape[1] // clip.hop))


def steady(clip, audio):
    """Level in the middle of a clip."""
    value = measured(clip, audio)[0]
    return value[len(value) // 2].item()


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_reference_is_zero(sample_rate, hop, sine):
    """A full-scale 1 kHz sine is 0 dB at every rate."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    assert steady(clip, sine(clip, 1000.0)) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
@pytest.mark.parametrize("frequency_hz", [100.0, 250.0, 3000.0, 6500.0])
def test_weighting_is_the_standard_one(sample_rate, hop, frequency_hz, sine):
    """Each pitch as loud as librosa's A-weighting says; the window blurs the steep low end a little."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    expected = librosa.A_weighting(frequency_hz)
    assert steady(clip, sine(clip, frequency_hz)) == pytest.approx(expected, abs=0.3 if frequency_hz < 200 else 0.05)


def test_half_the_amplitude(second, sine):
    """-6.02 dB."""
    difference = steady(second, sine(second, 1000.0, 0.25)) - steady(second, sine(second, 1000.0, 0.5))
    assert difference == pytest.approx(-6.02, abs=0.01)


def test_powers_add(second, sine):
    """Two equally loud sines, far apart, are 3.01 dB louder than one."""
    one = sine(second, 1000.0, 0.3)
    both = one + sine(second, 3000.0, 0.3 * 10 ** (-librosa.A_weighting(3000.0) / 20))
    assert steady(second, both) - steady(second, one) == pytest.approx(3.01, abs=0.05)


def test_silence_is_the_floor(second):
    """-80 dB, and no less."""
    silence = torch.zeros(1, 16000)
    torch.testing.assert_close(measured(second, silence), torch.full((1, 100), -80.0))
    torch.testing.assert_close(Level(second)(silence, torch.ones(1, 100)), torch.zeros(1, 100))


def test_calibrate_keeps_the_floor(second):
    """The upper end comes from the data, the lower stays silence; a range never shrinks below 10 dB."""
    level = Level(second)
    level.calibrate(torch.linspace(-50.0, -12.0, 10001), torch.full((10001,), 440.0))
    assert level.span.tolist() == pytest.approx([-80.0, -12.04], abs=0.01)
    level.calibrate(torch.full((50,), -80.0), torch.full((50,), 440.0))
    assert level.span.tolist() == pytest.approx([-80.0, -70.0])


def test_sounding_frames():
    """Within 40 dB of each clip's own loudest; a silent clip never sounds."""
    level_db = torch.tensor([[-10.0, -49.9, -50.1, -80.0], [-30.0, -69.9, -70.1, -80.0], [-80.0] * 4])
    assert sounding_frames(level_db).tolist() == [[True, True, False, False]] * 2 + [[False] * 4]
    assert sounding_frames(level_db, within_db=20.0).sum(1).tolist() == [1, 1, 0]
