"""The spectral spread, frame by frame against librosa and where it is known."""

import librosa
import numpy as np
import pytest
import torch

from synths import ClipFormat
from synths.descriptors.spectral_spread import SpectralSpread

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_every_frame_equals_librosa(sample_rate, hop, harmonic_tone):
    """A tone in a little noise, on our frames."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    audio = harmonic_tone(clip, 220.0) + 0.01 * torch.randn(1, clip.n_samples)
    n_fft = 2048 if sample_rate > 30000 else 1024
    expected = librosa.feature.spectral_bandwidth(
        y=audio[0].numpy(), sr=sample_rate, n_fft=n_fft, hop_length=hop, pad_mode="constant"
    )
    np.testing.assert_allclose(SpectralSpread(clip).measure(audio, torch.zeros(1, 40))[0], expected[0, :40], rtol=1e-4)


def test_a_sine_on_a_bin_has_what_the_window_leaves(second):
    """Magnitudes 1/2, 1, 1/2: a standard deviation of 1 over the root of 2, in bins."""
    audio = torch.sin(2 * torch.pi * torch.arange(16000, dtype=torch.float64) / 16)[None]
    measured = SpectralSpread(second).double().measure(audio, torch.zeros(1, 100))[0, 10:-10]
    torch.testing.assert_close(measured, torch.full_like(measured, 15.625 / 2**0.5), rtol=2e-4, atol=0)


@pytest.mark.parametrize("apart_hz", [500.0, 2000.0])
def test_two_equal_sines_spread_by_half_their_distance(apart_hz, second, sine):
    """Each is that far from the middle."""
    audio = sine(second, 3000.0 - apart_hz / 2) + sine(second, 3000.0 + apart_hz / 2)
    measured = SpectralSpread(second).measure(0.3 * audio, torch.zeros(1, 100))[0, 10:-10]
    torch.testing.assert_close(measured, torch.full_like(measured, apart_hz / 2), rtol=0.01, atol=0)
