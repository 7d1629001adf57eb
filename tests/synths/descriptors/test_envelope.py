"""The envelope of sound and of layers, and what everything measured on it promises."""

import pytest
import torch

from synths import ClipFormat, Layers
from synths.descriptors.envelope import Envelope, before_passage
from synths.descriptors.log_attack_time import LogAttackTime
from synths.descriptors.sustain import Sustain
from synths.descriptors.temporal_centroid import TemporalCentroid
from synths.noise import FilteredNoise
from synths.oscillator import oscillator_bank

RATES = [(16000, 160), (22050, 220), (44100, 441), (48000, 480)]
every = pytest.mark.parametrize("descriptor", [LogAttackTime, Sustain, TemporalCentroid], ids=lambda cls: cls.__name__)


def swell_and_decay(clip, attack_s=0.05, decay_s=0.3, start_s=0.1, step=1):
    """(N / step,) linear rise from a moment on, then an exponential decay."""
    time_s = torch.arange(0, clip.n_samples, step) / clip.sample_rate - start_s
    return (time_s / attack_s).clamp(0, 1) * torch.exp(-(time_s - attack_s).clamp_min(0) / decay_s)


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_sine_has_its_rms(sample_rate, hop, sine):
    """Amplitude over the root of 2, steady, at every rate."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    envelope = Envelope(clip)(sine(clip, 1000.0, 0.5))[0, 6:-6]
    torch.testing.assert_close(envelope, torch.full_like(envelope, 0.5 / 2**0.5), rtol=2e-3, atol=0)


@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_a_click_is_at_its_time(sample_rate, hop):
    """The envelope peaks where the click is, and is silent 4 ms away from it."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    envelope = Envelope(clip)
    audio = torch.zeros(1, clip.n_samples)
    audio[0, 50 * envelope.hop] = 1.0
    measured = envelope(audio)
    time_s = envelope.time_s(measured)
    assert time_s[measured[0].argmax()].item() == pytest.approx(50 * envelope.hop_s)
    assert not measured[0, (time_s - 50 * envelope.hop_s).abs() > 0.004].any()


@pytest.mark.parametrize(("sample_rate", "hop"), [*RATES, (16000, 64), (16000, 161)])
def test_layers_have_the_envelope_of_their_sound(sample_rate, hop):
    """Harmonics that swell and decay: the same frames, within 3 % of the maximum up to the last few."""
    clip = ClipFormat(sample_rate, sample_rate // (2 * hop) * hop, hop)
    amplitudes = 0.1 * swell_and_decay(clip, step=hop)[None, :, None].expand(1, -1, 5)
    f0_hz = torch.full((1, clip.n_frames), 500.0)
    envelope = Envelope(clip)
    sound = envelope(oscillator_bank(f0_hz, amplitudes, hop, sample_rate))
    layers = envelope.of_layers(Layers(f0_hz, amplitudes, torch.zeros(1, clip.n_frames, 0)))
    torch.testing.assert_close(layers[:, :-4], sound[:, :-4], rtol=0, atol=0.03 * sound.max().item())


def test_layers_know_the_power_of_noise(second):
    """A steady noise's mean square, from its bands and from its sound."""
    magnitudes = torch.linspace(0.5, 0.0, 65).expand(1, 100, 65)
    sound = FilteredNoise(second, 65).filter(2 * torch.rand(1, 100, 160) - 1, magnitudes)
    layers = Layers(torch.full((1, 100), 220.0), torch.zeros(1, 100, 0), magnitudes)
    measured = Envelope(second).of_layers(layers)[0, 6:-6]
    expected = sound.square().mean().sqrt().expand_as(measured)
    torch.testing.assert_close(measured, expected, rtol=0.03, atol=0)


def test_passage_is_where_the_threshold_is():
    """A rise by 1 % a frame passes its half, softly, within two frames of frame 50."""
    passed_at = before_passage(torch.linspace(0, 3, 101)[None], 0.5).sum().item()
    assert passed_at == pytest.approx(50, abs=2.5)


def test_waiting_does_not_wear_down():
    """Silence never passes, not in a minute."""
    waited = before_passage(torch.zeros(1, 30000), 0.2)
    torch.testing.assert_close(waited, torch.ones_like(waited), rtol=0, atol=1e-6)


@every
@pytest.mark.parametrize("n_frames", [1, 2, 7])
def test_silence_has_a_value_and_no_gradient(descriptor, n_frames):
    """Finite from one frame on; the gradient is zero, not nearly."""
    module = descriptor(ClipFormat(16000, 16000, 160))
    audio = torch.zeros(2, n_frames * 160, requires_grad=True)
    value = module.measure(audio, torch.full((2, n_frames), 220.0))
    value.sum().backward()
    assert value.shape == (2, 1) and value.isfinite().all() and not audio.grad.any()


@every
@pytest.mark.parametrize("n_frames", [1, 2, 7])
def test_silent_layers_have_the_same_value_and_no_gradient(descriptor, n_frames):
    """What plays nothing is silence."""
    module = descriptor(ClipFormat(16000, 16000, 160))
    f0_hz = torch.full((2, n_frames), 220.0)
    amplitudes = torch.zeros(2, n_frames, 4, requires_grad=True)
    noise = torch.zeros(2, n_frames, 9, requires_grad=True)
    value = module.measure_layers(Layers(f0_hz, amplitudes, noise))
    value.sum().backward()
    assert not amplitudes.grad.any() and not noise.grad.any()
    silence = module.measure(torch.zeros(2, n_frames * 160), f0_hz)
    torch.testing.assert_close(value, silence, rtol=0, atol=5e-3)


@every
@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_gradient_equals_finite_differences(descriptor, sample_rate, hop):
    """In float64, along random directions; a note of noise, and little before it."""
    clip = ClipFormat(sample_rate, 40 * hop, hop)
    module, f0_hz = descriptor(clip).double(), torch.full((1, 40), 220.0, dtype=torch.float64)
    audio = ((swell_and_decay(clip) + 1e-3) * torch.randn(1, clip.n_samples)).double()
    point = audio.clone().requires_grad_()
    value = module.measure(point, f0_hz)
    assert value.dtype == torch.float64
    (gradient,) = torch.autograd.grad(value.sum(), point)
    for _ in range(3):
        step = 1e-7 * torch.randn_like(audio)
        change = (module.measure(audio + step, f0_hz) - module.measure(audio - step, f0_hz)).item() / 2
        assert (gradient * step).sum().item() == pytest.approx(change, rel=1e-4, abs=1e-13)


@every
def test_gradient_of_layers_equals_finite_differences(descriptor, second):
    """By amplitudes and by noise magnitudes."""
    module, shape = descriptor(second).double(), swell_and_decay(second, step=160).double()[None, :, None]
    f0_hz = torch.full((1, 100), 220.0, dtype=torch.float64)
    layers = Layers(
        f0_hz, 0.1 * shape.expand(1, 100, 3) * torch.rand(1, 100, 3).double(), 0.1 * shape.expand(1, 100, 9)
    )
    points = [layer.clone().requires_grad_() for layer in layers[1:3]]
    gradients = torch.autograd.grad(module.measure_layers(Layers(f0_hz, *points)).sum(), points)
    steps = [1e-7 * torch.randn_like(layer) for layer in layers[1:3]]
    above, below = ([layer + sign * step for layer, step in zip(layers[1:3], steps, strict=True)] for sign in (1, -1))
    change = module.measure_layers(Layers(f0_hz, *above)) - module.measure_layers(Layers(f0_hz, *below))
    slope = sum((gradient * step).sum() for gradient, step in zip(gradients, steps, strict=True))
    assert slope.item() == pytest.approx(change.item() / 2, rel=1e-4, abs=1e-13)


@every
def test_alone_and_in_a_batch(descriptor, second):
    """Company does not matter, silent or loud."""
    module, f0_hz = descriptor(second), torch.full((3, 100), 220.0)
    audio = torch.stack([torch.zeros(16000), swell_and_decay(second) * torch.randn(16000), torch.randn(16000)])
    alone = torch.cat([module.measure(audio[i : i + 1], f0_hz[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(module.measure(audio, f0_hz), alone)


@every
@pytest.mark.parametrize("gain", [0.1, 1e-3])
def test_level_does_not_matter(descriptor, gain, second):
    """20 or 60 dB softer, the same."""
    audio, f0_hz = swell_and_decay(second) * torch.randn(1, 16000), torch.full((1, 100), 220.0)
    module = descriptor(second)
    torch.testing.assert_close(module.measure(gain * audio, f0_hz), module.measure(audio, f0_hz), rtol=0, atol=1e-3)


@every
@pytest.mark.parametrize("attack_s", [0.04, 0.1, 0.3])
@pytest.mark.parametrize(("sample_rate", "hop"), RATES)
def test_layers_agree_with_their_sound(descriptor, attack_s, sample_rate, hop):
    """From attacks of 40 ms on, four frames: within 10 %, a JND of the log-attack time being 25."""
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    amplitudes = 0.1 * swell_and_decay(clip, attack_s, step=hop)[None, :, None].expand(1, -1, 10)
    f0_hz = torch.full((1, 100), 220.0)
    layers = Layers(f0_hz, amplitudes, torch.zeros(1, 100, 0))
    module = descriptor(clip)
    sound = module.measure(oscillator_bank(f0_hz, amplitudes, hop, sample_rate), f0_hz)
    torch.testing.assert_close(module.measure_layers(layers), sound, rtol=0, atol=0.04 if module.jnd else 0.01)
