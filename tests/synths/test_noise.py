"""The noise layer against direct convolution in float64."""

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from synths import ClipFormat, FilteredNoise
from synths import noise as module
from synths.signal import exp_sigmoid


def impulse_of(magnitudes):
    """The filter's definition: zero-phase impulse response of M even magnitudes, centred, under a Hann window."""
    length = 2 * (len(magnitudes) - 1)
    impulse = np.roll(np.fft.irfft(magnitudes, length), length // 2)
    return impulse * np.hanning(length + 1)[:-1]


def direct(noise, magnitudes):
    """(F, hop) noise, (F, M) magnitudes: each frame convolved with its own filter, delay removed, summed."""
    n_frames, hop = noise.shape
    half = magnitudes.shape[1] - 1
    out = np.zeros(n_frames * hop + 2 * half)
    for t in range(n_frames):
        rendered = np.convolve(noise[t], impulse_of(magnitudes[t]))
        out[t * hop : t * hop + len(rendered)] += rendered
    return out[half : half + n_frames * hop]


def layer(hop, n_bands, n_frames=12):
    """A noise layer of some hop."""
    return FilteredNoise(ClipFormat(16000, hop * n_frames, hop), n_bands)


FORMATS = [(160, 65), (160, 9), (64, 65), (10, 65), (149, 33), (480, 2), (1, 5), (97, 193)]


@pytest.mark.parametrize(("hop", "n_bands"), FORMATS)
def test_flat_filter_is_the_identity(hop, n_bands):
    """Magnitudes of 1 change nothing and delay nothing, also for hops much shorter than the response."""
    noise = torch.randn(2, 12, hop)
    torch.testing.assert_close(
        layer(hop, n_bands).filter(noise, torch.ones(2, 12, n_bands)), noise.reshape(2, -1), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(("hop", "n_bands"), FORMATS)
def test_equals_direct_convolution(hop, n_bands):
    """A filter that differs in every frame, against np.convolve."""
    noise, magnitudes = torch.randn(2, 12, hop), torch.rand(2, 12, n_bands)
    expected = [direct(n, m) for n, m in zip(noise.double().numpy(), magnitudes.double().numpy(), strict=True)]
    np.testing.assert_allclose(layer(hop, n_bands).filter(noise, magnitudes), expected, atol=2e-5)


def test_response_is_the_bands_under_the_window():
    """At the bands' own frequencies the response is the magnitudes smoothed by Hann's kernel (1/4, 1/2, 1/4)."""
    part = layer(hop=160, n_bands=41, n_frames=9)
    bands = torch.zeros(41)
    bands[10:20] = torch.rand(10) + 0.5
    click = torch.zeros(1, 9, 160)
    click[0, 4, 0] = 1.0
    audio = part.filter(click, bands.expand(1, 9, 41))[0].double().numpy()
    response = np.fft.fft(np.roll(audio, -4 * 160)[np.r_[0:40, -40:0]])
    mirrored = np.r_[bands[1], bands, bands[-2]]
    smoothed = mirrored[:-2] / 4 + mirrored[1:-1] / 2 + mirrored[2:] / 4
    np.testing.assert_allclose(response.real[:41], smoothed, atol=1e-5)
    np.testing.assert_allclose(response.imag, 0, atol=1e-5)


def test_band_of_noise_stays_in_its_band():
    """Noise asked for between 2 and 3 kHz has 99.9 % of its power within 250 Hz of there."""
    part = layer(hop=160, n_bands=65, n_frames=200)
    bands = torch.zeros(65)
    bands[16:25] = 1.0
    audio = part.filter(torch.randn(1, 200, 160), bands.expand(1, 200, 65))[0].double().numpy()
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    frequency_hz = np.fft.rfftfreq(len(audio), 1 / 16000)
    inside = (frequency_hz > 1750) & (frequency_hz < 3250)
    assert power[inside].sum() > 0.999 * power.sum()


def test_a_frame_is_heard_in_its_place():
    """Changing one frame's filter changes only the samples within the response's reach of it."""
    part = layer(hop=160, n_bands=33, n_frames=20)
    noise, magnitudes = torch.randn(1, 20, 160), torch.rand(1, 20, 33)
    other = magnitudes.clone()
    other[:, 8] += 1.0
    difference = (part.filter(noise, other) - part.filter(noise, magnitudes))[0].abs()
    start, stop = 8 * 160 - 32, 9 * 160 + 32
    assert difference[start + 32 : stop - 32].max() > 0.1
    assert difference[:start].max() < 1e-5 and difference[stop:].max() < 1e-5


def test_noise_is_fresh_and_repeatable(clip_format):
    """New noise at every call; the same again from the same seed."""
    part = FilteredNoise(clip_format)
    f0_hz, raw = torch.full((1, 20), 440.0), {"noise_bands": torch.full((1, 20, 65), 3.0)}
    torch.manual_seed(7)
    first, second = part(f0_hz, raw), part(f0_hz, raw)
    torch.manual_seed(7)
    assert not first.equal(second) and first.equal(part(f0_hz, raw))


def test_given_noise_is_used(clip_format):
    """The same sound every time, by the same filters, and nothing is drawn; another shape is refused."""
    part, f0_hz, bands = FilteredNoise(clip_format), torch.full((2, 20), 440.0), torch.randn(2, 20, 65)
    noise = 2.0 * torch.rand(2, 20, 160) - 1.0
    before = torch.get_rng_state()
    audio = part(f0_hz, {"noise_bands": bands, "white_noise": noise})
    assert torch.get_rng_state().equal(before)
    torch.testing.assert_close(audio, part.filter(noise, exp_sigmoid(bands - 5.0)))
    with pytest.raises(ValueError, match=r"\(2, 20, 80\); the magnitudes want \(2, 20, 160\)"):
        part(f0_hz, {"noise_bands": bands, "white_noise": noise[..., :80]})


@pytest.mark.parametrize("chunk", [1, 1 << 18])
@pytest.mark.parametrize(("hop", "n_bands"), [(6, 5), (5, 5), (9, 2), (2, 9)])
def test_gradient_by_differences(hop, n_bands, chunk, monkeypatch):
    """In the magnitudes and in the noise, in float64, frame by frame and at once, FFTs of even and odd size."""
    monkeypatch.setattr(module, "_CHUNK_SAMPLES", {"cpu": chunk})
    part = layer(hop, n_bands, n_frames=4).double()
    inputs = torch.randn(2, 4, hop).double().requires_grad_(), torch.rand(2, 4, n_bands).double().requires_grad_()
    assert torch.autograd.gradcheck(part.filter, inputs)


def test_chunks_cannot_be_heard(monkeypatch):
    """However many frames are filtered at a time, the same sound."""
    part, noise, magnitudes = layer(hop=10, n_bands=65), torch.randn(3, 12, 10), torch.rand(3, 12, 65)
    expected = part.filter(noise, magnitudes)
    monkeypatch.setattr(module, "_CHUNK_SAMPLES", {"cpu": 3 * 5 * part.n_fft})
    torch.testing.assert_close(part.filter(noise, magnitudes), expected)


def test_reduced_precision_stops_at_the_filter():
    """Value and gradient in float32, under autocast and whatever matrix products may do elsewhere."""

    class Products(TorchFunctionMode):
        """Remembers the precision that the matrix products of a forward were allowed."""

        def __torch_function__(self, func, types, args=(), kwargs=None):
            if "matmul" in func.__name__:
                allowed_inside.append(torch.get_float32_matmul_precision())
            return func(*args, **(kwargs or {}))

    def filtered():
        bands = magnitudes.clone().requires_grad_()
        with Products():
            audio = part.filter(noise, bands)
            return audio.detach(), torch.autograd.grad(audio.square().sum(), bands)[0]

    allowed_inside: list[str] = []

    part, noise, magnitudes = layer(hop=160, n_bands=65), torch.randn(2, 12, 160), torch.rand(2, 12, 65)
    expected, allowed = filtered(), torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", torch.bfloat16):
            assert all(map(torch.equal, filtered(), expected))
        assert torch.get_float32_matmul_precision() == "medium"
        assert allowed_inside == ["highest"] * 2
    finally:
        torch.set_float32_matmul_precision(allowed)


def test_level_of_the_noise(second):
    """Full magnitudes of 2 give noise in -2..2, of mean power 4/3; a network that knows nothing is near silence."""
    part, f0_hz = FilteredNoise(second), torch.full((8, 100), 440.0)
    loud = part(f0_hz, {"noise_bands": torch.full((8, 100, 65), 40.0)})
    assert loud.square().mean().item() == pytest.approx(4 / 3, rel=0.02)
    assert part(f0_hz, {"noise_bands": torch.zeros(8, 100, 65)}).abs().max() < 1e-3


@pytest.mark.parametrize(("sample_rate", "expected"), [(16000, 65), (44100, 177), (48000, 193)])
def test_sizes_follow_the_format(sample_rate, expected):
    """One band every 125 Hz, both ends included."""
    assert FilteredNoise(ClipFormat(sample_rate, 4800, 480)).sizes == {"noise_bands": expected}


@pytest.mark.parametrize("n_bands", [-3, 0, 1])
def test_too_few_bands_are_refused(n_bands, clip_format):
    """A filter needs both its ends."""
    with pytest.raises(ValueError, match="at least 2"):
        FilteredNoise(clip_format, n_bands)
