"""Descriptors of specific loudness: what they share and what they do not."""

import pytest
import torch

from synths import ClipFormat, Layers
from synths.descriptors.descriptor import measure_all, measure_all_layers
from synths.descriptors.hearing.specific_loudness import SpecificLoudness
from synths.descriptors.loudness import Loudness
from synths.descriptors.sharpness import Sharpness

PITCH = torch.full((1, 20), 220.0)


@pytest.fixture
def computed(monkeypatch):
    """A list that grows with each specific loudness computed."""
    calls, forward = [], SpecificLoudness.forward
    monkeypatch.setattr(SpecificLoudness, "forward", lambda self, power: calls.append(1) or forward(self, power))
    return calls


def test_specific_loudness_is_computed_once(clip_format, harmonic_tone, computed):
    """Once for a sound and once for what is played; each descriptor reads what it reads alone."""
    audio = harmonic_tone(clip_format, 220.0)
    layers = Layers(PITCH, torch.rand(1, 20, 12), torch.rand(1, 20, 9))
    descriptors = [Loudness(clip_format), Sharpness(clip_format), Sharpness(clip_format, "aures")]
    heard, played = measure_all(descriptors, audio, PITCH), measure_all_layers(descriptors, layers)
    assert len(computed) == 2
    for descriptor, of_sound, of_layers in zip(descriptors, heard, played, strict=True):
        torch.testing.assert_close(of_sound, descriptor.measure(audio, PITCH))
        torch.testing.assert_close(of_layers, descriptor.measure_layers(layers))


def test_calibrations_are_not_confused(clip_format, harmonic_tone):
    """What is 20 dB louder to one descriptor is not to another of the same sound."""
    louder = ClipFormat(16000, 3200, 160, full_scale_db_spl=120.0)
    one, other = measure_all([Loudness(clip_format), Loudness(louder)], harmonic_tone(clip_format, 220.0), PITCH)
    assert (other > 2.0 * one).all()
