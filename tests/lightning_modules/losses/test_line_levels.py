"""The distance that hears partials and gaps."""

import pytest
import torch

from lightning_modules.losses import LineLevels


@pytest.fixture
def loss(second):
    """At 16 kHz."""
    return LineLevels(second)


@pytest.fixture
def given(second):
    """A tone of ten partials, its pitch, and that it sounds."""
    time_s = torch.arange(16000) / 16000
    waves = [torch.sin(2 * torch.pi * 250.0 * k * time_s) / k for k in range(1, 11)]
    return torch.stack(waves), torch.full((1, 100), 250.0), torch.ones(1, 25)


def test_a_sound_is_as_far_from_itself_as_it_should_be(loss, given):
    """Zero; 6 dB of everything is 6 dB of 20."""
    waves, f0_hz, sounding = given
    audio = waves.sum(0, keepdim=True)
    assert loss(audio, audio, f0_hz, sounding) == 0.0
    torch.testing.assert_close(loss(0.5 * audio, audio, f0_hz, sounding), torch.tensor(0.30103), atol=1e-3, rtol=0)


def test_one_partial_counts_as_one(loss, given):
    """The fourth of ten 12 dB lower: a tenth of 12 dB of 20, for between these partials there is nothing."""
    waves, f0_hz, sounding = given
    sounding[:, :4], sounding[:, -4:] = 0, 0  # where a window sees the end, a gap is not empty
    other = waves.clone()
    other[3] *= 10 ** (-12 / 20)
    audio, changed = waves.sum(0, keepdim=True), other.sum(0, keepdim=True)
    torch.testing.assert_close(loss(changed, audio, f0_hz, sounding), torch.tensor(0.06), atol=2e-3, rtol=0)


def test_noise_in_the_gaps_is_heard(loss, given):
    """Noise 6 dB too loud, under a tone that is right."""
    waves, f0_hz, sounding = given
    tone, noise = waves.sum(0, keepdim=True), 0.05 * torch.randn(1, 16000)
    near, far = (loss(tone + gain * noise, tone + noise, f0_hz, sounding) for gain in (1.0, 2.0))
    assert near == 0 and 0.05 < far < 0.301


def test_what_does_not_sound_does_not_count(loss, given):
    """Silence has no distance, and no slope that is not finite; a clip alone is as in a batch."""
    waves, f0_hz, sounding = given
    audio, silence = waves.sum(0, keepdim=True), torch.zeros(1, 16000, requires_grad=True)
    assert loss(audio, torch.zeros(1, 16000), f0_hz, torch.zeros(1, 25)) == 0.0
    loss(silence, audio, f0_hz, sounding).backward()
    assert silence.grad.isfinite().all()


def test_its_slope_leads_to_the_target(loss, given):
    """Against differences."""
    waves, f0_hz, sounding = given
    audio = waves.sum(0, keepdim=True)
    gain = torch.tensor(0.8, requires_grad=True)
    loss(gain * audio, audio, f0_hz, sounding).backward()
    torch.testing.assert_close(gain.grad, torch.tensor(-1.0 / (0.8 * 2.302585)), atol=1e-2, rtol=0)
