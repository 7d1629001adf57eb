"""Spectral roll-off: its soft threshold against librosa's hard one."""

from itertools import pairwise

import librosa
import pytest
import torch

from synths import ClipFormat
from synths.descriptors.spectral_rolloff import SpectralRolloff

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]


def tilted_noise(clip, corner_hz):
    """(1, N) noise that falls off above a corner."""
    spectrum = torch.fft.rfft(torch.randn(1, clip.n_samples))
    frequency_hz = torch.fft.rfftfreq(clip.n_samples, 1 / clip.sample_rate)
    return torch.fft.irfft(spectrum / (1 + (frequency_hz / corner_hz) ** 2), clip.n_samples)


@pytest.mark.parametrize("roll_percent", [0.5, 0.85, 0.95])
@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_frames_are_near_librosas(roll_percent, sample_rate, hop):
    """The soft threshold is within 7 % of the hard one on average, of noise that falls off slowly."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    audio = tilted_noise(clip, 1000.0)
    n_fft = 2048 if sample_rate > 30000 else 1024
    expected = librosa.feature.spectral_rolloff(
        y=audio[0].numpy(),
        sr=sample_rate,
        n_fft=n_fft,
        hop_length=hop,
        pad_mode="constant",
        roll_percent=roll_percent,
    )[0, :40]
    measured = SpectralRolloff(clip, roll_percent=roll_percent).measure(audio, torch.zeros(1, 40))[0]
    assert measured.mean().item() == pytest.approx(expected.mean(), rel=0.07)


@pytest.mark.parametrize("roll_percent", [0.5, 0.95])
def test_pooled_knows_its_percentage(roll_percent, second):
    """As librosa's, other parts than 85 % too."""
    audio = tilted_noise(second, 500.0)
    expected = librosa.feature.spectral_rolloff(
        y=audio[0].double().numpy(),
        sr=16000,
        n_fft=1024,
        hop_length=256,
        pad_mode="constant",
        roll_percent=roll_percent,
    )
    pooled = SpectralRolloff(second, roll_percent=roll_percent).pooled(audio, torch.zeros(1, 100))
    assert pooled.item() == pytest.approx(expected.mean(), rel=1e-4)


@pytest.mark.parametrize("frequency_hz", [500.0, 2000.0, 6000.0])
def test_a_sine_rolls_off_at_itself(frequency_hz, second, sine):
    """Within two bins: nothing is counted above it."""
    measured = SpectralRolloff(second).measure(sine(second, frequency_hz), torch.zeros(1, 100))[0, 10:-10]
    torch.testing.assert_close(measured, torch.full_like(measured, frequency_hz), rtol=0, atol=32.0)


def test_moves_with_the_sound_where_the_hard_one_stands(second, sine):
    """A second partial that grows by small steps: each step counts."""
    audios = [sine(second, 500.0) + level * sine(second, 3000.0) for level in (0.2, 0.201, 0.202, 0.203)]
    values = [SpectralRolloff(second).measure(audio, torch.zeros(1, 100))[0, 50].item() for audio in audios]
    assert all(later > earlier for earlier, later in pairwise(values))


@pytest.mark.parametrize("roll_percent", [0.0, 1.0, 85.0])
def test_the_percentage_is_a_part(roll_percent, second):
    """Neither nothing nor everything, nor a number out of a hundred."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        SpectralRolloff(second, roll_percent=roll_percent)
