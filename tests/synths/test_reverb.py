"""The room is a convolution."""

import numpy as np
import pytest
import torch
from scipy.signal import fftconvolve

from synths import Reverb


@pytest.fixture
def room(clip_format):
    """A room one can hear."""
    reverb = Reverb(clip_format, duration_s=0.05)
    with torch.no_grad():
        reverb.response.copy_(0.1 * torch.randn_like(reverb.response))
    return reverb


def test_equals_scipy(room):
    """Convolution with the direct sound, fixed at 1, and then the response."""
    audio = torch.randn(2, 3200)
    impulse = np.r_[1.0, room.response.detach().double().numpy()]
    expected = [fftconvolve(each, impulse)[:3200] for each in audio.double().numpy()]
    np.testing.assert_allclose(room(audio).detach(), expected, atol=1e-5)


def test_disabled_is_dry(room):
    """The instrument without its room, unchanged to the bit."""
    audio = torch.randn(2, 3200)
    room.enabled = False
    assert room(audio).equal(audio)
    room.enabled = True
    assert not room(audio).equal(audio)


@pytest.mark.parametrize("duration_s", [0.0, 0.01, 0.5])
def test_length_of_the_response(duration_s, clip_format):
    """As long as asked for, direct sound included, with at least one sample to learn; any length can be rendered."""
    reverb = Reverb(clip_format, duration_s)
    assert len(reverb.response) == max(2, round(duration_s * 16000)) - 1
    assert reverb(torch.randn(1, 3200)).shape == reverb(torch.randn(1, 3200)).shape == (1, 3200)


def test_starts_all_but_dry(clip_format):
    """A new room is quieter than -40 dB against the dry sound, and the same in every run."""
    audio = torch.randn(1, 3200)
    wet = Reverb(clip_format)(audio) - audio
    assert 0 < wet.square().mean() < 1e-4 * audio.square().mean()
    assert Reverb(clip_format).response.equal(Reverb(clip_format).response)


def test_gradient_reaches_the_response(room):
    """The gradient to the response is the correlation of the sound with the loss's gradient."""
    audio, weight = torch.randn(1, 3200), torch.randn(1, 3200)
    (gradient,) = torch.autograd.grad((room(audio) * weight).sum(), room.response)
    expected = np.correlate(weight[0].double().numpy(), audio[0].double().numpy(), "full")[3200:][: len(gradient)]
    np.testing.assert_allclose(gradient, expected, atol=1e-3 * np.abs(expected).max())
