"""The spectral centroid, frame by frame against librosa and where it is known."""

import librosa
import numpy as np
import pytest
import torch

from synths import ClipFormat, Layers
from synths.descriptors.spectral_centroid import SpectralCentroid

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_every_frame_equals_librosa(sample_rate, hop, harmonic_tone):
    """A tone in a little noise, on our frames."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    audio = harmonic_tone(clip, 220.0) + 0.01 * torch.randn(1, clip.n_samples)
    n_fft = 2048 if sample_rate > 30000 else 1024
    expected = librosa.feature.spectral_centroid(
        y=audio[0].numpy(), sr=sample_rate, n_fft=n_fft, hop_length=hop, pad_mode="constant"
    )
    np.testing.assert_allclose(
        SpectralCentroid(clip).measure(audio, torch.zeros(1, 40))[0], expected[0, :40], rtol=1e-4
    )


def test_layers_balance_by_amplitude(second):
    """Amplitudes 3 and 1, each on a bin, balance a quarter of the way up."""
    layers = Layers(torch.full((1, 100), 312.5), torch.tensor([0.3, 0.1]).expand(1, 100, 2), torch.zeros(1, 100, 0))
    measured = SpectralCentroid(second).measure_layers(layers)
    torch.testing.assert_close(measured, torch.full((1, 100), 312.5 * 1.25), rtol=1e-4, atol=0)
