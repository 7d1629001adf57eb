"""Noisiness: spectral flatness, against librosa."""

from itertools import pairwise

import librosa
import numpy as np
import pytest
import torch

from synths import ClipFormat, Noisiness, Spectrum


def librosa_flatness_db(clip, audio):
    """Flatness by librosa of the same magnitudes, in dB instead of as a ratio; its floor, tiny here, never decides."""
    magnitude = Spectrum(clip)(audio)[0].double().sqrt().numpy().T
    return 10 * np.log10(librosa.feature.spectral_flatness(S=magnitude, amin=1e-13, power=2.0)[0])


@pytest.mark.parametrize("noise_level", [1.0, 0.1, 1e-2])
@pytest.mark.parametrize(("sample_rate", "hop"), [(16000, 160), (44100, 441)])
def test_equals_librosa(noise_level, sample_rate, hop, sine):
    """From noise alone to a tone in a little noise; frame by frame."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    audio = noise_level * torch.randn(1, clip.n_samples) + (1 - noise_level) * sine(clip, 1000.0)
    measured = Noisiness(clip).measure(audio)[0]
    np.testing.assert_allclose(measured, librosa_flatness_db(clip, audio), atol=0.1)


def test_white_noise(second):
    """Single periodograms of white noise are exponentially distributed: minus Euler's gamma, -2.51 dB."""
    measured = Noisiness(second).measure(0.1 * torch.randn(16, 16000))[:, 10:-10]
    assert measured.mean().item() == pytest.approx(-10 * np.euler_gamma / np.log(10), abs=0.1)


def test_click_is_flat(second):
    """A click has every frequency alike: 0 dB."""
    audio = torch.zeros(1, 16000)
    audio[0, 50 * 160] = 1.0
    assert Noisiness(second).measure(audio)[0, 50].item() == pytest.approx(0.0, abs=1e-3)


def test_pure_tone_is_far_below_noise(second, sine):
    """A tone's empty bins sit at the floor of -80 dB relative to its mean: below -50 dB, above -80."""
    measured = Noisiness(second).measure(sine(second, 1000.0))[0, 10:-10]
    assert (measured < -50).all() and (measured > -80).all()


def test_rises_with_noise(second, sine):
    """More noise, more noisiness."""
    noise = torch.randn(1, 16000)
    audios = [sine(second, 440.0) + level * noise for level in (1e-3, 1e-2, 1e-1, 1.0)]
    means = [Noisiness(second).measure(audio)[0, 10:-10].mean().item() for audio in audios]
    assert all(later > earlier + 5 for earlier, later in pairwise(means))


def test_silence_is_zero(second):
    """Flat, having nothing to be uneven with."""
    assert Noisiness(second).measure(torch.zeros(1, 16000)).abs().max() < 1e-3
