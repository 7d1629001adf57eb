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
        reverb.gain.fill_(2.0)
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


@pytest.mark.parametrize("duration_s", [0.01, 0.5])
def test_length_of_the_response(duration_s, clip_format):
    """As long as asked for, direct sound included."""
    reverb = Reverb(clip_format, duration_s)
    assert len(reverb.response) == round(duration_s * 16000) - 1
    assert reverb(torch.randn(1, 3200)).shape == (1, 3200)


def test_no_length_is_refused(clip_format):
    """A room of no duration is no room."""
    with pytest.raises(ValueError, match="duration_s"):
        Reverb(clip_format, duration_s=0.0)


def test_starts_all_but_dry(clip_format):
    """A new room is 40 dB below the dry sound, decays by 60 dB, and is the same in every run."""
    response = Reverb(clip_format).response.detach()
    assert 10 * torch.log10(response.square().sum()) == pytest.approx(-40.0, abs=0.5)
    start, end = (part.square().mean() for part in (response[:800], response[-800:]))
    # means over a tenth of the decay at each end: 0.9 of it apart
    assert 10 * torch.log10(start / end) == pytest.approx(54.0, abs=1.5)
    assert response.equal(Reverb(clip_format).response)


def test_the_room_cannot_grow_within_a_few_steps(clip_format):
    """Adam moves every sample of a response by its whole step: 50 of them must not turn it into loud noise."""
    reverb = Reverb(clip_format)
    optimizer = torch.optim.Adam(reverb.parameters(), lr=2e-3)
    for _ in range(50):
        optimizer.zero_grad()
        (reverb(torch.randn(1, 3200)) * torch.randn(1, 3200)).sum().backward()
        optimizer.step()
    assert 10 * torch.log10(reverb.response.square().sum()) < -30.0


def test_gradient_reaches_the_response(room):
    """The gradient to the shape is the correlation of the sound with the loss's gradient, under the envelope."""
    audio, weight = torch.randn(1, 3200), torch.randn(1, 3200)
    (room(audio) * weight).sum().backward()
    correlation = np.correlate(weight[0].double().numpy(), audio[0].double().numpy(), "full")[3200:]
    response = room.response.detach().double().numpy()
    expected = correlation[: len(response)] * response / room.shape.detach().double().numpy()
    np.testing.assert_allclose(room.shape.grad, expected, atol=1e-3 * np.abs(expected).max())
    assert room.gain.grad.isfinite() and room.log_decay.grad.isfinite()
