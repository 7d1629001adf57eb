"""Spectra in units of a full-scale sine, centred on their frames."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from synths import ClipFormat, Layers, SMSSynth, Spectrum


@pytest.mark.parametrize(("sample_rate", "hop"), [(16000, 160), (22050, 441), (44100, 441), (48000, 480)])
@pytest.mark.parametrize("frequency_hz", [440.0, 1234.5, 7000.0])
def test_unit_sine_has_unit_power(sample_rate, hop, frequency_hz, sine):
    """Levels mean the same at every rate and pitch."""
    clip = ClipFormat(sample_rate, 30 * hop, hop)
    power = Spectrum(clip)(sine(clip, frequency_hz))[0].sum(-1)
    torch.testing.assert_close(power[8:-8], torch.ones_like(power[8:-8]), rtol=1e-3, atol=0)


@pytest.mark.parametrize("window_s", [0.005, 0.04, 0.1])
def test_level_is_independent_of_the_window(window_s, second, sine):
    """Any window, the same power."""
    power = Spectrum(second, window_s)(sine(second, 1000.0, 0.5))[0].sum(-1)
    torch.testing.assert_close(power[20:-20], torch.full_like(power[20:-20], 0.25), rtol=1e-3, atol=0)


def test_power_lies_at_the_frequency(second, sine):
    """The largest bin is the one nearest to the sine."""
    spectrum = Spectrum(second)
    peak = spectrum(sine(second, 3000.0))[0, 50].argmax()
    assert abs(spectrum.frequency_hz[peak].item() - 3000.0) <= 16000 / spectrum.n_fft / 2


def test_frames_are_centred(second):
    """A click on sample t * hop is loudest at frame t and equally loud on both its sides."""
    audio = torch.zeros(1, 16000)
    audio[0, 40 * 160] = 1.0
    power = Spectrum(second)(audio)[0].sum(-1)
    assert power.argmax() == 40
    torch.testing.assert_close(power[37:40], power[41:44].flip(0))
    assert not power[:36].any() and not power[45:].any()


def test_beyond_the_ends_is_silence(second):
    """The first frame sees half of a steady sound's power, as if it began there; nothing is mirrored in."""
    power = Spectrum(second)(torch.randn(64, 16000)).sum(-1).mean(0)
    assert power[0].item() == pytest.approx(power[20:80].mean().item() / 2, rel=0.1)


@pytest.mark.parametrize("n_frames", [1, 3, 100])
def test_one_spectrum_per_frame(n_frames, second):
    """F = N / hop, whole frames only."""
    spectrum = Spectrum(second)
    for n_samples in (n_frames * 160, n_frames * 160 + 159):
        assert spectrum(torch.randn(2, n_samples)).shape == (2, n_frames, spectrum.n_fft // 2 + 1)


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [(torch.float32, 1e-3, 1e-9), (torch.float64, 1e-10, 1e-18)])
def test_equals_the_definition(dtype, rtol, atol, second):
    """A frame by hand: window, numpy's rfft, the scale of the class's promise."""
    audio = torch.randn(1, 16000, dtype=dtype)
    spectrum = Spectrum(second).to(dtype)
    n_fft, window = spectrum.n_fft, np.hanning(spectrum.n_fft + 1)[:-1]
    frame = audio[0, 30 * 160 - n_fft // 2 : 30 * 160 + n_fft // 2].double().numpy() * window
    expected = np.abs(np.fft.rfft(frame)) ** 2 * 4 / (n_fft * (window**2).sum())
    np.testing.assert_allclose(spectrum(audio)[0, 30], expected, rtol=rtol, atol=atol)


def test_double_precision_has_no_sidelobes(second):
    """A sine on a bin is in three bins; in the others is less than -250 dB, also on the way through float32."""
    audio = torch.sin(2 * torch.pi * torch.arange(16000, dtype=torch.float64) / 16)[None]
    for spectrum in (Spectrum(second).double(), Spectrum(second).double().float().double()):
        power = spectrum(audio)[0, 50]
        assert power[:63].max() < 1e-25 and power[66:].max() < 1e-25


@pytest.mark.parametrize("hop", [8, 11, 100])
def test_gradient_by_differences(hop):
    """In float64, for hops that divide the window, do not, or exceed it, and samples after the last whole frame."""
    spectrum = Spectrum(ClipFormat(16000, 5 * hop, hop), window_s=0.002).double()
    audio = torch.randn(2, 5 * hop + hop // 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(spectrum, audio, fast_mode=True)


@pytest.mark.parametrize(("sample_rate", "n_fft"), [(16000, 1024), (44100, 2048), (48000, 2048)])
def test_window_is_the_next_power_of_two(sample_rate, n_fft):
    """At least 40 ms at every rate."""
    assert Spectrum(ClipFormat(sample_rate, 4800, 480)).n_fft == n_fft


def layers(f0_hz, amplitudes, magnitude, n_frames=100):
    """A steady sound of a synth: harmonics of one pitch, and noise that is equally strong everywhere."""
    noise = torch.full((1, n_frames, 65), magnitude)
    return Layers(torch.full((1, n_frames), f0_hz), torch.tensor(amplitudes).expand(1, n_frames, -1), noise)


def test_layers_keep_their_power(second):
    """A harmonic of amplitude a has power a squared, noise of gain g two thirds of g squared."""
    spectrum = Spectrum(second)
    tone = spectrum.of_layers(layers(330.0, [0.5, 0.2], 0.0))
    assert tone.shape == (1, 100, 513) and tone.sum(-1)[0, 50].item() == pytest.approx(0.29, rel=1e-5)
    noise = spectrum.of_layers(layers(330.0, [0.0], 0.3))
    assert noise.sum(-1)[0, 50].item() == pytest.approx(2 / 3 * 0.09, rel=0.01)


def test_layers_lie_where_their_frequency_is(second):
    """The balance point of a harmonic is its frequency, to a fraction of a bin; those above Nyquist stay below it."""
    spectrum = Spectrum(second)
    for f0_hz in (61.7, 440.0, 3999.9, 7995.0, 9000.0):
        power = spectrum.of_layers(layers(f0_hz, [1.0], 0.0))[0, 50]
        balance_hz = (power @ spectrum.frequency_hz / power.sum()).item()
        assert balance_hz == pytest.approx(min(f0_hz, 8000.0), abs=0.1)


def test_layers_equal_the_spectrum_of_their_sound(second):
    """Tone and noise together, in octaves, agree within half a decibel."""
    synth = SMSSynth(second, effects=[])
    pitch = torch.full((8, 100), 250.0)
    raw = {name: torch.randn(8, 1, size).expand(8, 100, size) for name, size in synth.sizes.items()}
    raw["noise_bands"] = raw["noise_bands"] + 3.0
    spectrum = Spectrum(second)
    heard = spectrum(synth(pitch, raw))[:, 10:-10].mean((0, 1))
    played = spectrum.of_layers(synth.layers(pitch, raw))[:, 10:-10].mean((0, 1))
    edges_hz = (0.0, 375.0, 875.0, 1875.0, 3875.0, 8001.0)
    for low, high in pairwise(edges_hz):
        octave = (spectrum.frequency_hz >= low) & (spectrum.frequency_hz < high)
        assert 10 * (heard[octave].sum() / played[octave].sum()).log10().abs() < 0.5


def test_layers_have_exact_gradients(clip_format):
    """In float64, in amplitudes, pitch and noise."""
    spectrum = Spectrum(clip_format).double()
    f0_hz = (200.0 + 50.0 * torch.rand(1, 3, dtype=torch.float64)).requires_grad_()
    amplitudes = torch.rand(1, 3, 4, dtype=torch.float64, requires_grad=True)
    noise = torch.rand(1, 3, 9, dtype=torch.float64, requires_grad=True)
    layers = f0_hz, amplitudes, noise
    assert torch.autograd.gradcheck(lambda *each: spectrum.of_layers(Layers(*each)), layers, fast_mode=True)


def test_noise_finer_than_the_spectrum_is_refused(clip_format):
    """It could not be drawn."""
    with pytest.raises(ValueError, match="2000 noise bands are finer than the 512 bins"):
        nothing = torch.zeros(1, 20, 0)
        Spectrum(clip_format).of_layers(Layers(torch.ones(1, 20), nothing, torch.ones(1, 20, 2000)))
