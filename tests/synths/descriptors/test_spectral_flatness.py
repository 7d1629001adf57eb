"""Spectral flatness, frame by frame against librosa and where it is known."""

import librosa
import numpy as np
import pytest
import torch

from synths import ClipFormat
from synths.descriptors.spectral_flatness import SpectralFlatness

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]


@pytest.mark.parametrize("noise_level", [1.0, 0.1, 1e-2])
@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_every_frame_equals_librosa(noise_level, sample_rate, hop, sine):
    """From noise alone to a tone in a little noise, on our frames."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    audio = noise_level * torch.randn(1, clip.n_samples) + (1 - noise_level) * sine(clip, 1000.0)
    n_fft = 2048 if sample_rate > 30000 else 1024
    expected = librosa.feature.spectral_flatness(y=audio[0].numpy(), n_fft=n_fft, hop_length=hop, pad_mode="constant")
    measured = SpectralFlatness(clip).measure(audio, torch.zeros(1, 40))[0]
    np.testing.assert_allclose(measured, expected[0, :40], rtol=1e-3)


def test_the_floor_is_librosas(second):
    """Noise at the floor, where it decides."""
    audio = 3e-7 * torch.randn(1, 16000, dtype=torch.float64)
    expected = librosa.feature.spectral_flatness(y=audio[0].numpy(), n_fft=1024, hop_length=160, pad_mode="constant")
    unfloored = librosa.feature.spectral_flatness(y=1e3 * audio[0].numpy(), n_fft=1024, hop_length=160)
    measured = SpectralFlatness(second).double().measure(audio, torch.zeros(1, 100))[0]
    np.testing.assert_allclose(measured, expected[0, :100], rtol=1e-4)
    assert abs(expected.mean() - unfloored.mean()) > 1e-3


def test_white_noise(second):
    """Single periodograms of white noise are exponentially distributed: exp of minus Euler's gamma, 0.561."""
    measured = SpectralFlatness(second).measure(0.1 * torch.randn(16, 16000), torch.zeros(16, 100))[:, 10:-10]
    assert measured.mean().item() == pytest.approx(np.exp(-np.euler_gamma), abs=0.01)


def test_click_is_flat(second):
    """A click has every frequency alike."""
    audio = torch.zeros(1, 16000)
    audio[0, 50 * 160] = 1.0
    assert SpectralFlatness(second).measure(audio, torch.zeros(1, 100))[0, 50].item() == pytest.approx(1.0, abs=1e-3)
