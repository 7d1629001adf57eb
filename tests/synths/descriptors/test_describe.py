"""Describing a sound: known sounds read as they are known, and every exported descriptor is there."""

import inspect
import math

import pytest
import torch

import synths
from synths import ClipFormat, Descriptor, Level, Noisiness, Roughness, Sharpness, TemporalCentroid
from synths.descriptors.describe import describe, descriptor_kinds


@pytest.fixture
def clip():
    """16 kHz, 10 ms; shorter than the sounds, since its length does not matter."""
    return ClipFormat(sample_rate=16000, n_samples=160, hop=160)


def pitch(audio, clip, f0_hz):
    """(F,) of one pitch."""
    return torch.full((-(-len(audio) // clip.hop),), f0_hz)


def test_every_exported_descriptor_is_there_once():
    """What can be built and measures something is listed; what descriptors derive from is not."""
    exported = {value for name in synths.__all__ if inspect.isclass(value := getattr(synths, name))}
    abstract = {Descriptor, synths.SpectralDescriptor, synths.HarmonicDescriptor}
    listed = descriptor_kinds()
    assert {kind for kind in exported if issubclass(kind, Descriptor)} - abstract == set(listed)
    assert len(listed) == len(set(listed)) >= 10


def test_knobs_come_first_and_read_outs_last():
    """Within the knobs, those that move come before those of the whole note."""
    groups = [(bool(kind.not_for_training), kind.rate == "note") for kind in descriptor_kinds()]
    assert groups == sorted(groups) and {group[0] for group in groups} == {False, True}


@pytest.mark.parametrize("name", ["SpectralDescriptor", "Level"])
def test_a_new_descriptor_needs_its_export_only(name, monkeypatch):
    """One more is found by its export; without a summary it is one to derive from."""

    class Novelty(getattr(synths, name)):
        pass

    monkeypatch.setattr(synths, "Novelty", Novelty, raising=False)
    monkeypatch.setattr(synths, "__all__", [*synths.__all__, "Novelty"])
    assert (Novelty in descriptor_kinds()) == (name == "Level")


def test_a_sine_of_1_khz(clip, second, sine):
    """Half of full scale is -6 dB; its fundamental is all there is, its centre where it is."""
    audio = sine(second, 1000.0, 0.5)[0]
    numbers, frames, sounding = describe(audio, pitch(audio, clip, 1000.0), clip)
    assert numbers["level"] == pytest.approx(-6.0, abs=0.1)
    assert numbers["fundamental_share"] == pytest.approx(1.0, abs=0.01)
    assert numbers["noisiness"] < -40.0 and numbers["roughness"] < 0.05
    assert numbers["spectral_centroid"] == pytest.approx(1000.0, rel=0.05)
    assert all(math.isfinite(number) for number in numbers.values())
    assert sounding.all() and len(frames["level"]) == 100
    assert frames["level"][10:90].numpy() == pytest.approx(-6.0, abs=0.05)


def test_an_am_tone_of_1_asper(clip, second, sine):
    """1 kHz, 60 dB, fully modulated at 70 Hz: 1 asper by definition, given what full scale is."""
    time_s = torch.arange(second.n_samples) / second.sample_rate
    carrier_db = 10.0 * math.log10(0.5)
    audio = sine(second, 1000.0)[0] * (1.0 + torch.cos(2 * math.pi * 70.0 * time_s)) / 1.5**0.5
    for full_scale_db_spl in (94.0, 100.0):
        format_ = ClipFormat(16000, 160, 160, full_scale_db_spl)
        scaled = audio * 10 ** ((60.0 - full_scale_db_spl - carrier_db) / 20)
        numbers = describe(scaled, None, format_, [Roughness]).numbers
        assert numbers["roughness"] == pytest.approx(1.0, abs=0.1)


def test_without_a_pitch_what_needs_one_is_none(clip):
    """Noise has a sharpness, and no harmonics."""
    audio = 0.1 * torch.randn(16000)
    numbers, frames, _ = describe(audio, None, clip)
    needy = {kind.name for kind in descriptor_kinds() if kind.needs_pitch}
    assert {name for name, number in numbers.items() if number is None} == needy != set()
    assert not needy & set(frames) and len(frames["sharpness"]) == 100


def test_numbers_are_pooled_as_each_descriptor_pools(clip, second, harmonic_tone):
    """The number is `pooled`, the course is `measure`, of the sound as long as it is."""
    audio = harmonic_tone(second, 220.0)[0, :15999]
    f0_hz = pitch(audio, clip, 220.0)
    kinds = [Sharpness, Noisiness, TemporalCentroid]
    numbers, frames, _ = describe(audio, f0_hz, clip, kinds)
    padded = torch.nn.functional.pad(audio, (0, 1))
    for kind in kinds:
        descriptor = kind(clip)
        assert numbers[kind.name] == pytest.approx(descriptor.pooled(audio[None], f0_hz[None]).item(), rel=1e-5)
        if kind.rate != "note":
            torch.testing.assert_close(frames[kind.name], descriptor.measure(padded[None], f0_hz[None])[0])
    assert set(frames) == {"sharpness", "noisiness"}


def test_silence_within_a_sound_is_known(clip, second, sine):
    """A second of tone, a second of nothing."""
    audio = torch.cat([sine(second, 440.0, 0.1)[0], torch.zeros(16000)])
    sounding = describe(audio, None, clip, [Level]).sounding
    assert sounding[:99].all() and not sounding[101:].any() and len(sounding) == 200


@pytest.mark.parametrize("n_samples", [1, 160, 161])
def test_the_shortest_sounds_have_finite_numbers(clip, n_samples):
    """One sample is one frame."""
    audio = 0.1 * torch.ones(n_samples)
    numbers, frames, sounding = describe(audio, pitch(audio, clip, 220.0), clip)
    assert all(math.isfinite(number) for number in numbers.values())
    assert {len(course) for course in frames.values()} == {len(sounding)} == {-(-n_samples // 160)}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", descriptor_kinds(), ids=lambda kind: kind.__name__)
def test_what_is_no_sound_measures_nothing(kind, value):
    """One sample that is not finite: NaN in the frames that hold it, and no fall over a table or a filter."""
    clip = ClipFormat(16000, 8000, 160)
    audio = torch.sin(2 * math.pi * 220.0 * torch.arange(8000) / 16000)[None].repeat(2, 1)
    audio[1, 4000] = value
    pitch = torch.full((2, 50), 220.0)
    measured = kind(clip).measure(audio, pitch)
    assert measured[0].isfinite().all()
    assert measured[1].isnan().any() and kind(clip).measure(value * audio, pitch).isnan().any()
