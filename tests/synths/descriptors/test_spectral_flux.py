"""Spectral flux: how far apart neighbouring spectra are, where it is known."""

import math

import pytest
import torch

from synths import ClipFormat, Layers
from synths.descriptors.spectral_flux import SpectralFlux


def flux(clip, audio):
    """(F,) of one sound."""
    return SpectralFlux(clip).measure(audio, torch.zeros(1, clip.n_frames))[0]


def layers_of(amplitudes):
    """(F, K) amplitudes of harmonics of 500 Hz, on bins at 16 kHz."""
    f0_hz = torch.full((1, len(amplitudes)), 500.0)
    return Layers(f0_hz, amplitudes[None], torch.zeros(1, len(amplitudes), 0))


def test_a_steady_tone_does_not_shimmer(second, sine):
    """Nor does it matter how loud it is."""
    assert flux(second, 0.3 * sine(second, 1000.0))[10:-10].max() < 1e-3


def test_a_change_of_level_is_no_shimmer(second):
    """The same spectrum at another level."""
    amplitudes = torch.tensor([0.3, 0.1]) * torch.linspace(1.0, 0.01, 100)[:, None]
    assert SpectralFlux(second).measure_layers(layers_of(amplitudes)).max() < 1e-4


@pytest.mark.parametrize("angle", [0.1, math.pi / 4, math.pi / 2])
def test_distance_is_a_chord(angle, second):
    """Two partials that exchange their strengths by an angle: twice the sine of half of it; once, where they do."""
    amplitudes = torch.tensor([1.0, 0.0]).repeat(100, 1)
    amplitudes[50:] = torch.tensor([math.cos(angle), math.sin(angle)])
    expected = torch.zeros(1, 100)
    expected[0, 50] = 2 * math.sin(angle / 2)
    measured = SpectralFlux(second).measure_layers(layers_of(amplitudes))
    torch.testing.assert_close(measured, expected, rtol=0, atol=1e-4)


def test_noise_shimmers_most(second, harmonic_tone):
    """Noise over a tone with vibrato in its level over a steady tone."""
    tone = harmonic_tone(second, 220.0)
    slow = torch.sin(2 * torch.pi * 5 * torch.arange(16000) / 16000)
    changing = tone + (0.3 * slow + 0.3) * harmonic_tone(second, 880.0, 0.0)
    steady, vibrating, noise = (flux(second, sound)[10:-10].mean() for sound in (tone, changing, torch.randn(1, 16000)))
    assert steady < 0.3 * vibrating < 0.3 * noise


@pytest.mark.parametrize(("hop", "n_apart"), [(160, 1), (80, 2), (64, 2), (32, 5), (320, 1)])
def test_frames_are_10_ms_apart_at_any_hop(hop, n_apart):
    """Or one frame, where that is longer; the first have none before them."""
    clip = ClipFormat(16000, 40 * hop, hop)
    amplitudes = torch.tensor([1.0, 0.0]).repeat(40, 1)
    amplitudes[20:] = torch.tensor([0.0, 1.0])
    measured = SpectralFlux(clip).measure_layers(layers_of(amplitudes))[0]
    assert measured.nonzero()[:, 0].tolist() == list(range(20, 20 + n_apart))


def test_silence_becomes_sound(second, sine):
    """The first sound after silence is as far from it as its own length, 1; within silence nothing changes."""
    audio = sine(second, 1000.0)
    audio[:, :8000] = 0.0
    measured = flux(second, audio)
    assert measured.max().item() == pytest.approx(1.0, abs=1e-3) and not measured[:40].any()
