"""The spectrogram of the AudioCommons models."""

import pytest
import scipy.signal
import torch

from synths.descriptors.audio_commons.spectrogram import spectrogram


@pytest.mark.parametrize(("window", "n_fft", "hop"), [("hamming", 512, 128), (("tukey", 0.25), 1024, 896)])
@pytest.mark.parametrize("n_samples", [300, 5000])
def test_is_scipys(window, n_fft, hop, n_samples):
    """Short sounds and long, but for the sample rate of a density."""
    audio = torch.randn(n_samples, dtype=torch.float64) + 0.3
    length = min(n_fft, n_samples)
    overlap = length - min(hop, length)
    _, _, expected = scipy.signal.spectrogram(audio.numpy(), 1.0, window, length, overlap, n_fft)
    ours = spectrogram(audio[None], window, n_fft, hop)[0].T
    torch.testing.assert_close(ours, torch.from_numpy(expected))
