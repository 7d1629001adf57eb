"""What all descriptors share: names, pooling, spectra computed once, and gradients against finite differences."""

import pytest
import torch

import synths
from synths import (
    Descriptor,
    FundamentalShare,
    Layers,
    Level,
    Noisiness,
    OddEvenBalance,
    TemporalCentroid,
    measure_all,
    measure_all_layers,
)
from synths.descriptors.describe import descriptor_kinds
from synths.spectrum import Spectrum

SHARING = (Level, FundamentalShare, Noisiness, OddEvenBalance, TemporalCentroid)
TRAINABLE = [kind for kind in descriptor_kinds() if not kind.not_for_training]
LEVEL_MATTERS = {"level", "loudness", "sharpness", "roughness"}
"""Psychoacoustics: the ear is not linear."""
every_trainable = pytest.mark.parametrize("descriptor", TRAINABLE, ids=lambda cls: cls.__name__)


def pitch_of(audio, clip, f0_hz=220.0):
    """(B, F) of one pitch."""
    return torch.full((len(audio), audio.shape[1] // clip.hop), f0_hz, dtype=audio.dtype)


@pytest.mark.parametrize(("cls", "name"), [(OddEvenBalance, "odd_even_balance"), (Level, "level")])
def test_name_follows_the_class(cls, name):
    """CamelCase becomes snake_case."""
    assert cls.name == name


@every_trainable
def test_forward_is_the_position_of_the_measure(descriptor, clip_format):
    """One promise, two scales."""
    module, audio = descriptor(clip_format), 0.1 * torch.randn(2, 3200)
    pitch = pitch_of(audio, clip_format)
    torch.testing.assert_close(module.value_at(module(audio, pitch)), module.measure(audio, pitch))


def test_measure_all_equals_one_by_one(clip_format):
    """In the order given, though every spectrum is computed once."""
    audio = 0.1 * torch.randn(2, 3200)
    pitch = pitch_of(audio, clip_format)
    modules = [cls(clip_format) for cls in (*SHARING, TemporalCentroid)]
    for shared, module in zip(measure_all(iter(modules), audio, pitch), modules, strict=True):
        torch.testing.assert_close(shared, module.measure(audio, pitch))


def test_measure_all_computes_a_spectrum_once(clip_format, monkeypatch):
    """Four descriptors of spectra and harmonics, one transform."""
    calls = []
    forward = Spectrum.forward
    monkeypatch.setattr(Spectrum, "forward", lambda self, *sound: calls.append(1) or forward(self, *sound))
    audio = torch.randn(1, 3200)
    measure_all([cls(clip_format) for cls in SHARING], audio, pitch_of(audio, clip_format))
    assert len(calls) == 1


@pytest.mark.parametrize("every", [2, 3])
def test_every_so_many_th_frame(every, clip_format, harmonic_tone):
    """The same values in fewer frames, of what is heard and of what is played; once per note as before."""
    audio = torch.cat([harmonic_tone(clip_format, 220.0), 0.1 * torch.randn(1, 3200)])
    pitch = pitch_of(audio, clip_format)
    layers = Layers(pitch, torch.rand(2, 20, 12), torch.rand(2, 20, 9))
    modules = [cls(clip_format) for cls in SHARING]
    for fewer, all_frames in (
        (measure_all(modules, audio, pitch, every), measure_all(modules, audio, pitch)),
        (measure_all_layers(modules, layers, every), measure_all_layers(modules, layers)),
    ):
        for few, full in zip(fewer, all_frames, strict=True):
            torch.testing.assert_close(few, full[:, ::every])


def test_descriptors_of_other_windows_are_not_confused(clip_format):
    """A descriptor with a window of its own gets a spectrum of its own."""
    long = Noisiness(clip_format, window_s=0.1)
    audio = 0.1 * torch.randn(1, 3200)
    pitch = pitch_of(audio, clip_format)
    _, measured = measure_all([Noisiness(clip_format), long], audio, pitch)
    torch.testing.assert_close(measured, long.measure(audio, pitch))


def test_pooling_leaves_out_what_is_far_below_the_loudest(second, sine):
    """A tone, then faint noise: the number is the tone's."""
    tone = sine(second, 220.0, 0.5)
    tone[:, 8000:] = 1e-4 * torch.randn(1, 8000)
    module, pitch = Noisiness(second), pitch_of(tone, second)
    alone = module.measure(tone, pitch)[0, 5:45].mean().item()
    assert module.pooled(tone, pitch).item() == pytest.approx(alone, abs=4.0)
    assert module.measure(tone, pitch)[0, 55:].mean() > alone + 20.0


@every_trainable
@pytest.mark.parametrize("sound", ["one partial", "noise", "swell"])
def test_gradient_equals_finite_differences(descriptor, sound, clip_format, sine, harmonic_tone):
    """In float64, along random directions; in float32 nearly the same direction."""
    audio = {
        "one partial": sine(clip_format, 220.0, 0.3) + 1e-3 * torch.randn(1, 3200),
        "noise": 0.1 * torch.randn(1, 3200),
        "swell": harmonic_tone(clip_format, 220.0) * torch.linspace(0, 1, 3200) + 0.01 * torch.randn(1, 3200),
    }[sound]
    exact = descriptor(clip_format).double()
    pitch = pitch_of(audio, clip_format)
    weight = torch.randn_like(exact.measure(audio.double(), pitch.double()))

    def loss(x):
        return (exact(x, pitch.double()) * weight).sum()

    point = audio.double().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(point), point)
    for seed in range(3):
        direction = torch.randn(1, 3200, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        step = 1e-9
        slope = (loss(audio + step * direction) - loss(audio - step * direction)) / (2 * step)
        assert (gradient * direction).sum().item() == pytest.approx(slope.item(), rel=2e-3, abs=1e-3)
    single = audio.clone().requires_grad_()
    (rounded,) = torch.autograd.grad((descriptor(clip_format)(single, pitch) * weight.float()).sum(), single)
    assert torch.cosine_similarity(rounded.double(), gradient).item() > 0.98 or gradient.norm() < 1e-6 > rounded.norm()


@pytest.mark.parametrize(
    "descriptor", [cls for cls in TRAINABLE if cls.name not in LEVEL_MATTERS], ids=lambda cls: cls.__name__
)
@pytest.mark.parametrize("gain", [0.316, 0.1])
def test_level_does_not_matter(descriptor, gain, clip_format, harmonic_tone):
    """10 or 20 dB softer, the same within 2 % of the knob: how loud it is, is another knob."""
    audio = harmonic_tone(clip_format, 220.0) * torch.linspace(1, 0.5, 3200)
    module, pitch = descriptor(clip_format), pitch_of(audio, clip_format)
    torch.testing.assert_close(module(gain * audio, pitch), module(audio, pitch), atol=0.02, rtol=0)


@pytest.mark.parametrize("level_db", [-20, -40])
def test_sharpness_hardly_follows_the_level(level_db, second, harmonic_tone):
    """Within a few JNDs of 0.08 acum over 40 dB: masking slopes are the ear's, not an error."""
    audio, module = harmonic_tone(second, 220.0), synths.Sharpness(second)
    pitch = pitch_of(audio, second)
    loud, soft = (module.measure(gain * audio, pitch)[0, 50].item() for gain in (1.0, 10 ** (level_db / 20)))
    assert abs(loud - soft) < 0.5


def test_every_descriptor_is_exported():
    """A new descriptor file joins the package's exports, and with it the tests of all."""
    missing, kinds = set(), [Descriptor]
    while kinds:
        kinds += (found := kinds.pop()).__subclasses__()
        if found.__module__.startswith("synths.") and hasattr(found, "summary"):
            missing |= {found} - set(descriptor_kinds())
    assert not missing
