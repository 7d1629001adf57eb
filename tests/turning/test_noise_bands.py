"""Bands of noise: they share all of it, each its own region, and hear no edge."""

import pytest
import torch

from turning.noise_bands import band_weights, middles_hz, n_bands, noise_bands


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_shares_are_whole_everywhere(rate):
    weights = band_weights(torch.linspace(0.0, rate / 2, 999), rate)
    assert torch.allclose(weights.sum(0), torch.ones(999), atol=1e-5) and (weights >= 0).all()
    middles = band_weights(middles_hz(rate), rate)
    assert torch.allclose(middles.diagonal(), torch.ones(n_bands(rate)), atol=1e-2)


def test_bands_add_up_and_a_sine_lies_in_two_at_most():
    noise = torch.sin(torch.arange(8000) * 2 * torch.pi * 1000.0 / 16000)
    bands = noise_bands(noise, 16000)
    assert (bands.sum(0) - noise).abs().max() < 1e-5
    rms = bands.square().mean(1).sqrt()
    assert (rms > 0.05).sum() <= 2


def test_a_click_reaches_ten_milliseconds_at_most():
    """-60 dB beyond 15 ms, which is what comes before a plucked note."""
    click = torch.zeros(8000)
    click[4000] = 1.0
    bands = noise_bands(click, 16000)
    changed = (bands * torch.linspace(-1.0, 1.0, len(bands))[:, None]).sum(0)
    before = changed[: 4000 - 240].square().sum()
    assert 10 * torch.log10(before / changed.square().sum()) < -25
