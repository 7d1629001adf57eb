"""Positions and units, ranges from data, spectra shared, and gradients against finite differences."""

import pytest
import torch

import synths
from synths import Brightness, Descriptor, Loudness, Noisiness, TemporalCentroid, measure_all
from synths.spectrum import Spectrum

ALL = (Loudness, Brightness, Noisiness, TemporalCentroid)
every = pytest.mark.parametrize("descriptor", ALL, ids=lambda cls: cls.__name__)


@every
def test_position_and_value_are_inverse(descriptor, clip_format):
    """0 and 1 are the span's ends; to_unit and from_unit undo one another, beyond the ends too."""
    module = descriptor(clip_format)
    module.calibrate(torch.linspace(-7.0, 3.0, 500))
    torch.testing.assert_close(module.from_unit(torch.tensor([0.0, 1.0])), module.span)
    position = torch.tensor([-0.5, 0.0, 0.25, 1.0, 1.5])
    torch.testing.assert_close(module.to_unit(module.from_unit(position)), position)


@every
def test_forward_is_the_position_of_the_measure(descriptor, clip_format):
    """One promise, two scales."""
    module, audio = descriptor(clip_format), 0.1 * torch.randn(2, 3200)
    torch.testing.assert_close(module.from_unit(module(audio)), module.measure(audio))


@pytest.mark.parametrize(("cls", "name"), [(TemporalCentroid, "temporal_centroid"), (Loudness, "loudness")])
def test_name_follows_the_class(cls, name):
    """CamelCase becomes snake_case."""
    assert cls.name == name


@pytest.mark.parametrize("descriptor", [Brightness, Noisiness, TemporalCentroid], ids=lambda cls: cls.__name__)
def test_calibrate_takes_percentiles(descriptor, clip_format):
    """1 % and 99 % of the data: a few outliers at either end do not stretch the knob."""
    module = descriptor(clip_format)
    values = torch.cat([torch.linspace(0.0, 10.0, 10001), torch.tensor([-1e6, 1e6])])
    module.calibrate(values[torch.randperm(len(values))])
    torch.testing.assert_close(module.span, torch.tensor([0.1, 9.9]), atol=0.01, rtol=0)
    module.calibrate(values, percentiles=(25.0, 75.0))
    torch.testing.assert_close(module.span, torch.tensor([2.5, 7.5]), atol=0.01, rtol=0)


@pytest.mark.parametrize("descriptor", [Brightness, Noisiness, TemporalCentroid], ids=lambda cls: cls.__name__)
def test_degenerate_range_keeps_the_default(descriptor, clip_format):
    """Data that does not vary cannot say how far a knob goes."""
    module = descriptor(clip_format)
    module.calibrate(torch.full((100,), 1.2345))
    torch.testing.assert_close(module.span, torch.tensor(descriptor.default_span))


def test_measure_all_equals_one_by_one(clip_format):
    """In the order given, though every spectrum is computed once."""
    audio = 0.1 * torch.randn(2, 3200)
    modules = [cls(clip_format) for cls in (TemporalCentroid, *ALL)]
    for shared, module in zip(measure_all(iter(modules), audio), modules, strict=True):
        torch.testing.assert_close(shared, module.measure(audio))


def test_measure_all_computes_a_spectrum_once(clip_format, monkeypatch):
    """Three spectral descriptors, one transform."""
    calls = []
    forward = Spectrum.forward
    monkeypatch.setattr(Spectrum, "forward", lambda self, audio: calls.append(1) or forward(self, audio))
    measure_all([cls(clip_format) for cls in ALL], torch.randn(1, 3200))
    assert len(calls) == 1


def test_descriptors_of_other_windows_are_not_confused(clip_format):
    """A descriptor with a window of its own gets a spectrum of its own."""
    short = Brightness(clip_format)
    short.spectrum = Spectrum(clip_format, window_s=0.01)
    audio = 0.1 * torch.randn(1, 3200)
    _, measured = measure_all([Brightness(clip_format), short], audio)
    torch.testing.assert_close(measured, short.measure(audio))


@every
@pytest.mark.parametrize("sound", ["silence", "one partial", "noise", "swell"])
def test_gradient_equals_finite_differences(descriptor, sound, clip_format, sine):
    """In float64, along random directions; in float32 nearly the same direction."""
    audio = {
        "silence": torch.zeros(1, 3200),
        "one partial": sine(clip_format, 440.0, 0.3),
        "noise": 0.1 * torch.randn(1, 3200),
        "swell": sine(clip_format, 880.0) * torch.linspace(0, 1, 3200),
    }[sound]
    exact = descriptor(clip_format).double()
    weight = torch.randn(1, clip_format.n_frames, dtype=torch.float64)

    def loss(x):
        return (exact(x) * weight).sum()

    point = audio.double().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(point), point)
    for seed in range(3):
        direction = torch.randn(1, 3200, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        step = 1e-7
        slope = (loss(audio + step * direction) - loss(audio - step * direction)) / (2 * step)
        assert (gradient * direction).sum().item() == pytest.approx(slope.item(), rel=1e-3, abs=1e-4)
    single = audio.clone().requires_grad_()
    (rounded,) = torch.autograd.grad((descriptor(clip_format)(single) * weight.float()).sum(), single)
    assert torch.cosine_similarity(rounded.double(), gradient).item() > 0.99 or gradient.norm() < 1e-6 > rounded.norm()


@pytest.mark.parametrize("descriptor", [Brightness, Noisiness, TemporalCentroid], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("gain", [0.316, 0.1])
def test_level_does_not_matter(descriptor, gain, clip_format, harmonic_tone):
    """10 or 20 dB softer, the same within 2 % of the knob: loudness is another knob."""
    decay = torch.linspace(1, 0.5, 3200)
    audio = harmonic_tone(clip_format, 220.0) * decay
    module = descriptor(clip_format)
    torch.testing.assert_close(module(gain * audio), module(audio), atol=0.02, rtol=0)


def test_every_concrete_descriptor_is_tested_here():
    """A new descriptor joins ALL."""
    concrete = {getattr(synths, name) for name in synths.__all__}
    concrete = {cls for cls in concrete if isinstance(cls, type) and issubclass(cls, Descriptor)}
    assert {cls for cls in concrete if hasattr(cls, "default_span")} == set(ALL)
