"""Sharpness: the sounds of DIN 45692, MoSQITo, and the way down to silence."""

import pytest
import torch

from synths import ClipFormat
from synths.descriptors.loudness import Loudness
from synths.descriptors.sharpness import Sharpness
from synths.layers import Layers

RATES = [(16000, 160), (22050, 210), (44100, 441), (48000, 480)]

NARROW_BANDS = [
    *((250, 100, 0.38), (350, 100, 0.49), (450, 110, 0.60), (700, 140, 0.82), (1000, 160, 1.00), (1370, 210, 1.26)),
    *((1850, 280, 1.49), (2500, 380, 1.78), (4000, 700, 2.82), (5800, 1100, 4.43), (8500, 1800, 6.81)),
]


def pitch(audio, clip):
    """(B, F) any pitch: sharpness does not ask."""
    return torch.full((audio.shape[0], -(-audio.shape[1] // clip.hop)), 440.0)


def noise(low_hz, high_hz, sample_rate=48000):
    """(1, N) a second of noise between two frequencies at 60 dB SPL, faded at its ends."""
    frequency_hz = torch.fft.rfftfreq(sample_rate, 1.0 / sample_rate)
    within = ((frequency_hz >= low_hz) & (frequency_hz <= high_hz)).float()
    audio = torch.fft.irfft(torch.polar(within, 2 * torch.pi * torch.rand(len(within))))
    audio = audio * torch.hann_window(sample_rate)
    return (0.01 * audio / audio.square().mean().sqrt())[None]


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_reference_is_one_acum(sample_rate, hop):
    """A critical band of noise at 1 kHz and 60 dB SPL, as a whole and in its frames."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    audio = noise(920.0, 1080.0, sample_rate)
    assert Sharpness(clip).pooled(audio, pitch(audio, clip)).item() == pytest.approx(1.0, abs=0.02)
    audio = audio[:, : clip.n_samples]
    assert Sharpness(clip).measure(audio, pitch(audio, clip))[0, 40:60].mean().item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("centre_hz", "width_hz", "expected"), NARROW_BANDS)
def test_narrow_bands_of_the_standard(centre_hz, width_hz, expected):
    """DIN 45692, section 6: critical bands of noise at 4 sone, within 5 % or 0.05 acum."""
    clip = ClipFormat(48000, 48000, 480)
    audio = noise(centre_hz - width_hz / 2, centre_hz + width_hz / 2)
    for _ in range(8):
        audio = audio * (4.0 / Loudness(clip).pooled(audio, pitch(audio, clip))) ** 1.5
    assert Sharpness(clip).pooled(audio, pitch(audio, clip)).item() == pytest.approx(expected, rel=0.05, abs=0.05)


@pytest.mark.parametrize(("f0_hz", "tilt_db"), [(55.0, -6.0), (220.0, 0.0), (880.0, -12.0)])
def test_pooled_agrees_with_mosqito(f0_hz, tilt_db, harmonic_tone):
    """Harmonic tones at 16 kHz, native here, resampled there, in each weighting."""
    mosqito = pytest.importorskip("mosqito")
    clip = ClipFormat(16000, 24000, 160)
    audio = 0.3 * harmonic_tone(clip, f0_hz, tilt_db) * torch.hann_window(24000)
    loudness, specific, _ = mosqito.loudness_zwst(2.0 * audio[0].double().numpy(), 16000)
    for weighting in ("din", "aures", "bismarck"):
        expected = mosqito.sharpness_din_from_loudness(loudness, specific, weighting)
        measured = Sharpness(clip, weighting).pooled(audio, pitch(audio, clip)).item()
        assert measured == pytest.approx(expected.item(), abs=0.01), weighting


@pytest.mark.parametrize("f0_hz", [55.0, 110.0, 220.0, 880.0])
@pytest.mark.parametrize("tilt_db", [-3.0, -12.0])
def test_frames_of_steady_tones(f0_hz, tilt_db, second, harmonic_tone):
    """A window's smear, and none where a synth's own numbers are measured: both within 0.05 acum of the whole tone."""
    audio = 0.3 * harmonic_tone(second, f0_hz, tilt_db)
    sharpness = Sharpness(second)
    whole = sharpness.pooled(audio * torch.hann_window(16000), pitch(audio, second)).item()
    assert sharpness.measure(audio, pitch(audio, second))[0, 10:90].sub(whole).abs().max() < 0.05
    line = torch.fft.rfft(audio[0].double()).abs()[torch.arange(f0_hz, 8000.0, f0_hz).long()] / 8000.0
    layers = Layers(torch.full((1, 2), f0_hz), line.float().expand(1, 2, -1), torch.zeros(1, 2, 0))
    assert sharpness.measure_layers(layers).sub(whole).abs().max() < 0.05


def test_sharpness_hardly_depends_on_level(second, harmonic_tone):
    """20 dB are less than what is heard as a difference; by Aures it grows with loudness."""
    audio = harmonic_tone(second, 220.0) * torch.tensor([[0.5], [0.05]])
    din, aures = (Sharpness(second, weighting).pooled(audio, pitch(audio, second)) for weighting in ("din", "aures"))
    assert din.diff().abs().item() < 0.1 and aures[0] > 1.2 * aures[1]


def test_fades_to_zero_with_loudness(second, harmonic_tone):
    """Ever less on the way to silence, in small steps, and zero before it."""
    gain = 10.0 ** (torch.linspace(-60.0, -110.0, 200)[:, None] / 20.0)
    audio = harmonic_tone(second, 220.0) * gain
    value = Sharpness(second).pooled(audio, pitch(audio, second))
    assert value[0] > 0.5 and value[-1] == 0.0
    assert value.diff().abs().max() < 0.1


@pytest.mark.parametrize("kind", ["silence", "one partial", "white noise"])
def test_gradient_is_finite(kind, second, sine):
    """And exactly zero for silence, whose sharpness is zero."""
    audio = {"silence": torch.zeros(1, 16000), "one partial": sine(second, 440.0, 0.1)}.get(kind, torch.randn(1, 16000))
    for measured in (Sharpness(second).measure, Sharpness(second).pooled):
        audio = audio.detach().requires_grad_()
        value = measured(audio, pitch(audio, second))
        value.sum().backward()
        assert value.isfinite().all() and audio.grad.isfinite().all()
        assert (audio.grad.abs().max() == 0.0) == (kind == "silence") == (value.abs().max() == 0.0).item()


def test_gradient_is_exact(second):
    """Along random directions of specific loudness, against finite differences in float64."""
    sharpness = Sharpness(second).double()
    specific = torch.rand(1, 6, 240, dtype=torch.float64) * torch.logspace(0, -3, 6, dtype=torch.float64)[:, None]
    direction = specific * torch.randn(1, 6, 240, dtype=torch.float64)
    specific.requires_grad_()
    (gradient,) = torch.autograd.grad(sharpness.of(specific).sum(), specific)
    higher, lower = (sharpness.of(specific + step * direction) for step in (1e-6, -1e-6))
    torch.testing.assert_close((gradient * direction).sum(-1), (higher - lower) / 2e-6, rtol=1e-4, atol=1e-8)


def test_unknown_weighting(second):
    """Says which there are."""
    with pytest.raises(ValueError, match="din, aures or bismarck"):
        Sharpness(second, "loud")
