"""Specific loudness: as MoSQITo has it, its gradient, and its threshold."""

import numpy as np
import pytest
import torch

from synths import ClipFormat
from synths.descriptors.hearing.specific_loudness import SpecificLoudness, specific_loudness_of_whole, total_loudness


def spectra(*shape):
    """Random spectra whose level falls with frequency and differs from frame to frame, in float64."""
    level_db = -30.0 - 40.0 * torch.rand(*shape[:-1], 1) - torch.linspace(0.0, 30.0, shape[-1])
    return 10.0 ** (level_db.double() / 10.0) * torch.rand(*shape, dtype=torch.float64)


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
@pytest.mark.parametrize("colour", [0.0, 1.0, 2.0])
def test_agrees_with_mosqito(sample_rate, colour):
    """Noise of several colours at 66 dB SPL, faded at its ends; 1 V is 2 Pa."""
    mosqito = pytest.importorskip("mosqito")
    frequency = torch.fft.rfftfreq(sample_rate, 1.0 / sample_rate)
    phase = 2 * torch.pi * torch.rand(len(frequency))
    noise = torch.fft.irfft(torch.polar((frequency >= 40.0) * frequency.clamp_min(40.0) ** (-colour / 2), phase))
    noise = noise * torch.sin(torch.linspace(0.0, torch.pi, len(noise))) ** 2
    noise = 0.02 * noise / noise.square().mean().sqrt()
    expected_total, expected, _ = mosqito.loudness_zwst(2.0 * noise.double().numpy(), sample_rate)
    specific = specific_loudness_of_whole(noise[None], ClipFormat(sample_rate, 480, 160))[0]
    # MoSQITo's slopes are off at a few places, where they meet a louder band.
    assert np.quantile(np.abs(specific.numpy() - expected), 0.95) < 0.01
    assert total_loudness(specific).item() == pytest.approx(expected_total, rel=5e-3)


def test_gradient_is_exact():
    """Along random directions, against finite differences in float64."""
    module = SpecificLoudness(1024, 16000, 100.0).double()
    power = spectra(2, 5, 513).requires_grad_()
    direction = power.detach() * torch.randn(2, 5, 513, dtype=torch.float64)
    weight = torch.randn(240, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((module(power) @ weight).sum(), power)
    higher, lower = (module(power + step * direction) @ weight for step in (1e-6, -1e-6))
    by_difference = (higher - lower).sum(-1) / 2e-6
    torch.testing.assert_close((gradient * direction).sum((-1, -2)), by_difference, rtol=1e-4, atol=1e-6)


def test_frames_do_not_hear_each_other():
    """A spectrum alone gives what it gives among others; any leading shape."""
    module = SpecificLoudness(1024, 16000, 100.0)
    power = spectra(3, 4, 513).float()
    torch.testing.assert_close(module(power)[1, 2:3], module(power[1, 2:3]), rtol=1e-5, atol=1e-6)
    assert module(power).shape == (3, 4, 240)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_silence_and_below_threshold(dtype):
    """Zero with a gradient of zero, in both precisions."""
    module = SpecificLoudness(1024, 16000, 100.0).to(dtype)
    for level in (0.0, 1e-14):
        power = torch.full((1, 2, 513), level, dtype=dtype, requires_grad=True)
        specific = module(power)
        specific.sum().backward()
        assert specific.dtype == dtype and specific.abs().max() == 0.0 and power.grad.abs().max() == 0.0


def test_full_scale_is_a_level():
    """10 dB more of it are ten times the power."""
    power = spectra(1, 3, 513).float()
    louder = SpecificLoudness(1024, 16000, 110.0)(power)
    torch.testing.assert_close(louder, SpecificLoudness(1024, 16000, 100.0)(10.0 * power), rtol=1e-4, atol=1e-5)


def test_total_is_the_area_under_the_curve():
    """Flat parts count as they are, jumps up at the start of a step, falls as straight lines."""
    specific = torch.zeros(240)
    specific[100:110] = 2.0
    specific[110] = 1.0
    assert total_loudness(specific).item() == pytest.approx(2.0 + 0.1 * (1.0 + 0.5 * (1.0 + 1.0)), abs=1e-5)
