"""Loudness: the sone scale, MoSQITo, and what silence does."""

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.loudness import Loudness

FADE_GAIN = (8 / 3) ** 0.5  # a Hann window leaves 3/8 of the power, and no click at the ends
RATES = [(16000, 160), (22050, 210), (44100, 441), (48000, 480)]


def pitch(audio, clip):
    """(B, F) any pitch: loudness does not ask."""
    return torch.full((audio.shape[0], -(-audio.shape[1] // clip.hop)), 440.0)


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_sone_scale(sample_rate, hop, sine):
    """1 kHz at 40 dB SPL is 1 sone, and every 10 dB double it; frame by frame and as a whole."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    audio = sine(clip, 1000.0, 2**0.5) * 10.0 ** ((torch.tensor([[40.0], [60.0], [80.0]]) - 100.0) / 20.0)
    loudness, faded = Loudness(clip), audio * FADE_GAIN * torch.hann_window(audio.shape[1])
    assert loudness.pooled(faded, pitch(audio, clip)).tolist() == pytest.approx([1.0, 4.0, 16.0], rel=0.03)
    assert loudness.measure(audio, pitch(audio, clip))[:, 50].tolist() == pytest.approx([1.0, 4.0, 16.0], rel=0.03)


def test_full_scale_moves_the_scale(sine):
    """The same samples are 40 dB SPL where full scale is 100 and 60 where it is 120."""
    clip = ClipFormat(full_scale_db_spl=120.0)
    audio = sine(clip, 1000.0, 2**0.5 * 1e-3)
    assert Loudness(clip).measure(audio, pitch(audio, clip))[0, 200].item() == pytest.approx(4.0, rel=0.03)


@pytest.mark.parametrize(("f0_hz", "tilt_db"), [(55.0, -6.0), (220.0, 0.0), (220.0, -12.0), (880.0, -6.0)])
def test_pooled_agrees_with_mosqito(f0_hz, tilt_db, harmonic_tone):
    """Harmonic tones at 16 kHz, native here, resampled there."""
    mosqito = pytest.importorskip("mosqito")
    clip = ClipFormat(16000, 24000, 160)
    audio = 0.3 * harmonic_tone(clip, f0_hz, tilt_db) * torch.hann_window(24000)
    expected, _, _ = mosqito.loudness_zwst(2.0 * audio[0].double().numpy(), 16000)
    assert Loudness(clip).pooled(audio, pitch(audio, clip)).item() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("n_samples", [160, 12345])
def test_pooled_takes_any_length_and_many_sounds(n_samples, second, sine):
    """A sound has the loudness that it has alone."""
    audio = sine(second, 500.0, 0.1)[:, :n_samples] * torch.tensor([[1.0], [0.1]])
    both = Loudness(second).pooled(audio, pitch(audio, second))
    alone = Loudness(second).pooled(audio[1:], pitch(audio[1:], second))
    assert both.shape == (2,) and both[0] > both[1]
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["silence", "one partial", "white noise"])
def test_gradient_is_finite(kind, second, sine):
    """And exactly zero for silence."""
    audio = {"silence": torch.zeros(1, 16000), "one partial": sine(second, 440.0, 0.1)}.get(kind, torch.randn(1, 16000))
    for measured in (Loudness(second).measure, Loudness(second).pooled):
        audio = audio.detach().requires_grad_()
        value = measured(audio, pitch(audio, second))
        value.sum().backward()
        assert value.isfinite().all() and audio.grad.isfinite().all()
        assert (audio.grad.abs().max() == 0.0) == (kind == "silence") == (value.abs().max() == 0.0).item()
