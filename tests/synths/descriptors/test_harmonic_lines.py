"""The harmonics of a known pitch, and the noise between them, against what was put in."""

import math

import pytest
import torch

from synths import ClipFormat, Spectrum
from synths.descriptors.harmonic_lines import harmonic_lines


def lines_of(audio, clip, f0_hz):
    """Harmonics (K,) and noise in the middle of the first sound."""
    spectrum = Spectrum(clip, 0.05)
    pitch = torch.full((len(audio), audio.shape[1] // clip.hop), f0_hz, dtype=audio.dtype)
    lines = harmonic_lines(spectrum(audio), pitch, spectrum.frequency_hz, reach=2)
    return lines.harmonics[0, pitch.shape[1] // 2], lines.noise[0, 10:-10].mean()


@pytest.mark.parametrize(("sample_rate", "hop"), [(16000, 160), (44100, 441), (48000, 480)])
@pytest.mark.parametrize("f0_hz", [98.0, 220.0, 523.25, 1975.5])
def test_finds_the_amplitudes(sample_rate, hop, f0_hz):
    """Each partial's power is its amplitude squared, within 2 %, whatever its phase."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    n_partials = min(8, math.floor(0.95 * clip.nyquist_hz / f0_hz))
    amplitude, phase = 0.05 + 0.3 * torch.rand(n_partials), 6.28 * torch.rand(n_partials)
    time_s = torch.arange(clip.n_samples, dtype=torch.float64) / sample_rate
    partial = torch.arange(1, n_partials + 1)
    audio = amplitude.double() @ torch.sin(2 * math.pi * f0_hz * partial[:, None] * time_s + phase[:, None])
    found, noise = lines_of(audio.float()[None], clip, f0_hz)
    torch.testing.assert_close(found[:n_partials], amplitude.square(), rtol=0.02, atol=2e-4)
    assert found[n_partials:].sum() < 1e-3 * found.sum() and noise < 2e-3 * found.sum()


@pytest.mark.parametrize("f0_hz", [70.0, 220.0, 880.0])
def test_noise_is_no_tone(second, f0_hz):
    """White noise of variance s has a power of 2 s in units of a sine, within 1 dB; hardly any passes for harmonics."""
    noise = 0.1 * torch.randn(1, 16000)
    spectrum = Spectrum(second)
    lines = harmonic_lines(spectrum(noise), torch.full((1, 100), f0_hz), spectrum.frequency_hz, reach=2)
    assert lines.noise.mean().item() == pytest.approx(0.02, rel=0.25)
    assert lines.harmonics.sum(-1).mean() < 0.1 * lines.noise.mean()


def test_noise_beside_a_tone(second, harmonic_tone):
    """Their powers come apart: a tone with noise 10 dB below it."""
    tone = harmonic_tone(second, 220.0)
    noise = torch.randn(1, 16000)
    noise = noise * (0.1 * tone.square().mean() / noise.square().mean()).sqrt()
    spectrum = Spectrum(second)
    lines = harmonic_lines(spectrum(tone + noise), torch.full((1, 100), 220.0), spectrum.frequency_hz, reach=2)
    ratio_db = 10 * math.log10(lines.noise[:, 10:-10].mean() / lines.harmonics.sum(-1)[:, 10:-10].mean())
    assert ratio_db == pytest.approx(-10.0, abs=1.0)


@pytest.mark.parametrize("f0_hz", [0.0, 1.0, 7999.0, 30000.0])
def test_any_pitch_is_survived(second, f0_hz):
    """Also those a tracker says when it hears none."""
    found, noise = lines_of(0.1 * torch.randn(1, 16000), second, f0_hz)
    assert found.isfinite().all() and noise.isfinite() and (found >= 0).all()


def test_a_partial_astray_is_no_noise(second, sine, harmonic_tone):
    """A tone of another pitch in one of the gaps, as loud as noise of -20 dB would be, counts for less than -35 dB."""
    tone = harmonic_tone(second, 220.0)
    astray = sine(second, 5.5 * 220.0, (0.02 * tone.square().mean()).sqrt().item())
    spectrum = Spectrum(second, 0.05)
    lines = harmonic_lines(spectrum(tone + astray), torch.full((1, 100), 220.0), spectrum.frequency_hz, reach=2)
    assert 10 * (lines.noise / lines.harmonics.sum(-1)).log10()[0, 50] < -35.0
