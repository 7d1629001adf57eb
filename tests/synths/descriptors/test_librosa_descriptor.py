"""What librosa's descriptors share: its pooling, exact gradients, and silence."""

import librosa
import numpy as np
import pytest
import torch

from synths import ClipFormat
from synths.descriptors.librosa_descriptor import FLOOR, magnitude, share
from synths.descriptors.spectral_centroid import SpectralCentroid
from synths.descriptors.spectral_flatness import SpectralFlatness
from synths.descriptors.spectral_flux import SpectralFlux
from synths.descriptors.spectral_rolloff import SpectralRolloff
from synths.descriptors.spectral_spread import SpectralSpread

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]
ALL = (SpectralCentroid, SpectralSpread, SpectralFlatness, SpectralRolloff, SpectralFlux)
every = pytest.mark.parametrize("descriptor", ALL, ids=lambda cls: cls.__name__)


def librosa_flux(S, **_):
    """(bins, T) magnitudes -> (T,) distance of neighbours of length 1; the first has none."""
    direction = S / np.maximum(np.linalg.norm(S, axis=0), 1e-10)
    return np.pad(np.linalg.norm(np.diff(direction, axis=1), axis=0), (1, 0))


ORACLE = {
    SpectralCentroid: librosa.feature.spectral_centroid,
    SpectralSpread: librosa.feature.spectral_bandwidth,
    SpectralFlatness: lambda S, sr: librosa.feature.spectral_flatness(S=S),
    SpectralRolloff: librosa.feature.spectral_rolloff,
    SpectralFlux: librosa_flux,
}


def sounds(clip, harmonic_tone):
    """What librosa is compared on: a tone, noise, a decaying tone in noise, and one with silence around it."""
    noise, tone = torch.randn(1, clip.n_samples), harmonic_tone(clip, 220.0)
    decay = torch.exp(-torch.arange(clip.n_samples) / clip.sample_rate / 0.1)
    burst = (torch.arange(clip.n_samples) // (clip.n_samples // 4) == 1).float()
    return torch.cat([tone, 0.1 * noise, tone * decay + 1e-3 * noise, burst * tone])


@every
@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
@pytest.mark.parametrize("missing", [0, 77])
def test_pooled_equals_librosa(descriptor, missing, sample_rate, hop, harmonic_tone):
    """Mean over all frames, digital silence included; any length."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    audio = sounds(clip, harmonic_tone)[:, missing:]
    n_fft = 2048 if sample_rate > 30000 else 1024
    for sound, pooled in zip(audio.double().numpy(), descriptor(clip).pooled(audio, torch.zeros(4, 40)), strict=True):
        spectrum = np.abs(librosa.stft(sound, n_fft=n_fft, hop_length=n_fft // 4))
        assert pooled.item() == pytest.approx(ORACLE[descriptor](S=spectrum, sr=sample_rate).mean(), rel=3e-4, abs=1e-7)


@every
@pytest.mark.parametrize("n_samples", [1, 100, 3000])
def test_any_length_pools(descriptor, n_samples):
    """From one sample on, and a sound in company has what it has alone."""
    module, audio = descriptor(ClipFormat(16000, 3200, 160)), torch.randn(2, n_samples)
    pooled = module.pooled(audio, torch.zeros(2, 20))
    assert pooled.shape == (2,) and pooled.dtype == torch.float32 and pooled.isfinite().all()
    torch.testing.assert_close(pooled[1:], module.pooled(audio[1:], torch.zeros(1, 20)))


@every
@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_gradient_equals_finite_differences(descriptor, sample_rate, hop, harmonic_tone):
    """In float64, along random directions."""
    clip = ClipFormat(sample_rate, 20 * hop, hop)
    module, f0_hz = descriptor(clip).double(), torch.full((4, 20), 220.0, dtype=torch.float64)
    audio = sounds(clip, harmonic_tone).double() + 1e-3 * torch.randn(4, clip.n_samples)
    point, weight = audio.clone().requires_grad_(), torch.randn(4, 20, dtype=torch.float64)
    value = module.measure(point, f0_hz)
    assert value.dtype == torch.float64
    (gradient,) = torch.autograd.grad((value * weight).sum(), point)
    for _ in range(3):
        step = 1e-7 * torch.randn_like(audio)
        change = (module.measure(audio + step, f0_hz) - module.measure(audio - step, f0_hz)) / 2
        assert (gradient * step).sum().item() == pytest.approx((change * weight).sum().item(), rel=1e-3)


@every
@pytest.mark.parametrize("n_frames", [1, 2, 20])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_silence_has_a_value_and_no_gradient(descriptor, n_frames, dtype):
    """0, or 1 for the flatness, and a gradient that is zero, not nearly; so has the pooled value."""
    module = descriptor(ClipFormat(16000, 3200, 160)).to(dtype)
    audio = torch.zeros(2, n_frames * 160, dtype=dtype, requires_grad=True)
    value = module.measure(audio, torch.full((2, n_frames), 220.0))
    (1e3 * value.sum()).backward()
    silent = 1.0 if descriptor is SpectralFlatness else 0.0
    assert not audio.grad.any()
    torch.testing.assert_close(value, torch.full_like(value, silent).expand(2, n_frames), rtol=1e-5, atol=0)
    pooled = module.pooled(audio.detach(), torch.zeros(2, n_frames))
    torch.testing.assert_close(pooled, torch.full_like(pooled, silent), rtol=1e-5, atol=0)


@every
def test_gradient_is_finite_beside_silence(descriptor, second, sine):
    """A tone that begins and ends, and one so soft that it is nearly nothing."""
    audio = torch.cat([sine(second, 440.0), 1e-18 * sine(second, 440.0)])
    audio[:, :5000] = audio[:, 9000:] = 0.0
    audio.requires_grad_()
    descriptor(second).measure(audio, torch.zeros(2, 100)).sum().backward()
    assert audio.grad.isfinite().all()


@every
def test_alone_and_in_a_batch(descriptor, second):
    """Company does not matter, silent or loud."""
    module, f0_hz = descriptor(second), torch.full((3, 100), 220.0)
    audio = torch.stack([torch.zeros(16000), 0.1 * torch.randn(16000), torch.randn(16000)])
    alone = torch.cat([module.measure(audio[i : i + 1], f0_hz[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(module.measure(audio, f0_hz), alone)


@every
@pytest.mark.parametrize("gain", [0.1, 1e-3])
def test_level_does_not_matter(descriptor, gain, second, harmonic_tone):
    """20 or 60 dB softer, the same."""
    module, f0_hz = descriptor(second), torch.full((1, 100), 220.0)
    audio = harmonic_tone(second, 220.0) + 1e-3 * torch.randn(1, 16000)
    loud, soft = module.measure(audio, f0_hz), module.measure(gain * audio, f0_hz)
    torch.testing.assert_close(soft, loud, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_magnitude_and_share(dtype):
    """The root, parts that sum to 1, and nothing of nothing, down to the smallest power."""
    power = torch.tensor([[0.0, 0.0], [1.0, 9.0], [1e-16, 9e-16]], dtype=dtype)
    expected = torch.tensor([[0.0, 0.0], [0.25, 0.75], [0.25, 0.75]], dtype=dtype)
    torch.testing.assert_close(share(magnitude(power)), expected, rtol=1e-4, atol=0)
    assert FLOOR[dtype] ** 2 > torch.finfo(dtype).tiny
