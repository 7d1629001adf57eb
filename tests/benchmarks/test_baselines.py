"""A ratio means something only if both sides do the same work: the plain forms sound as ours do."""

import torch

from benchmarks.baselines import LiteratureDecoder, plain_bank, plain_convolution, plain_noise, plain_synth
from synths import ClipFormat, FilteredNoise, SMSSynth
from synths.oscillator import oscillator_bank
from synths.signal import fft_convolve


def test_bank():
    """Where no partial comes near Nyquist; apart from the float32 phase of the plain form, and one sample of it."""
    f0_hz, amplitudes = torch.full((2, 20), 200.0), torch.rand(2, 20, 12)
    ours, plain = oscillator_bank(f0_hz, amplitudes, 160, 16000), plain_bank(f0_hz, amplitudes, 160, 16000)
    # the plain phase has advanced by one sample at the first: compare the steady part's spectra
    spectra = [torch.fft.rfft(audio).abs() for audio in (ours, plain)]
    torch.testing.assert_close(*spectra, rtol=0.02, atol=0.02 * spectra[0].max().item())


def test_noise():
    """The same samples from the same noise."""
    clip = ClipFormat(16000, 1280, 64)
    layer, noise, magnitudes = FilteredNoise(clip, 65), torch.randn(2, 20, 64), torch.rand(2, 20, 65)
    torch.testing.assert_close(plain_noise(noise, magnitudes), layer.filter(noise, magnitudes), rtol=1e-4, atol=1e-4)


def test_convolution():
    """The same samples."""
    audio, impulse = torch.randn(2, 500), torch.randn(300)
    padded = torch.nn.functional.pad(impulse, (0, 200))
    torch.testing.assert_close(plain_convolution(audio, padded), fft_convolve(audio, impulse), rtol=1e-4, atol=1e-4)


def test_synth_takes_our_parameters():
    """The same parts with the same parameters, in their plain form."""
    clip = ClipFormat(16000, 16000, 160)
    assert plain_synth(clip).sizes == SMSSynth(clip).sizes


def test_decoder_is_of_the_published_size():
    """4.5 million weights, as many as the paper's without its encoder, give or take our parameters' widths."""
    sizes = SMSSynth(ClipFormat(16000, 16000, 64)).sizes
    decoder = LiteratureDecoder(1, 0, sizes)
    assert 4.0e6 < sum(weight.numel() for weight in decoder.parameters()) < 5.0e6
    parameters = decoder(torch.full((2, 5), 200.0), torch.rand(2, 5, 1), torch.zeros(2, 5, 0))
    assert {name: value.shape[-1] for name, value in parameters.items()} == sizes
