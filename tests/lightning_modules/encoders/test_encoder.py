"""What all encoders share: the knobs and their ranges."""

import pytest
import torch

from lightning_modules.encoders import DescriptorEncoder
from synths import Brightness, Loudness, Noisiness, TemporalCentroid


@pytest.fixture
def encoder(second):
    """Four knobs."""
    return DescriptorEncoder(second, [Brightness, Loudness, TemporalCentroid, Noisiness])


@pytest.fixture
def notes(second, harmonic_tone):
    """Three notes of rising brightness that end after half a second."""
    audio = torch.cat([harmonic_tone(second, 220.0, tilt) for tilt in (-18.0, -9.0, -3.0)])
    audio[:, 8000:] = 0.0
    return audio


def test_knobs_are_the_descriptors_in_order(encoder):
    """By the names of their classes."""
    assert encoder.knobs == ["brightness", "loudness", "temporal_centroid", "noisiness"]


def test_calibrate_ignores_silence(encoder, second, notes):
    """Frames 40 dB below a clip's loudest do not count: silence added to the clips changes no range."""
    encoder.calibrate([notes])
    spans = {d.name: d.span.clone() for d in encoder.each_descriptor()}
    brightness, loudness = Brightness(second).measure(notes), Loudness(second).measure(notes)
    sounding = loudness > loudness.amax(1, keepdim=True) - 40
    ends = brightness[sounding].quantile(torch.tensor([0.01, 0.99]))
    torch.testing.assert_close(spans["brightness"], ends)
    # silence has a brightness of 0: a range that began there would have counted it
    assert 0 < brightness[sounding].min() <= spans["brightness"][0] and not brightness.min()
    encoder.calibrate([torch.nn.functional.pad(notes, (0, 16000))])
    for descriptor in encoder.each_descriptor():
        if not isinstance(descriptor, TemporalCentroid):
            torch.testing.assert_close(descriptor.span, spans[descriptor.name], atol=0.02, rtol=0.02)


def test_calibrated_positions_fill_the_range(encoder, notes):
    """After calibration the training sound lies in 0..1, and reaches both ends of every knob that varies."""
    assert not encoder.calibrated
    encoder.calibrate([notes])
    assert encoder.calibrated
    loudness_db = encoder.loudness.measure(notes)
    position = encoder.measure(notes)[..., 0][loudness_db > loudness_db.amax(1, keepdim=True) - 40]
    low, high = position.quantile(torch.tensor([0.02, 0.98])).tolist()
    assert 0 <= low < 0.1 and 0.9 < high <= 1


def test_calibrate_keeps_no_graph(encoder, notes):
    """A range is a fact about the data, not something to learn through."""
    encoder.calibrate([notes.requires_grad_()])
    assert not any(descriptor.span.requires_grad for descriptor in encoder.each_descriptor())


def test_calibrate_refuses_silence(clip_format):
    """Nothing that sounds has no range."""
    with pytest.raises(ValueError, match="none of the training clips sounds"):
        DescriptorEncoder(clip_format).calibrate([torch.zeros(2, clip_format.n_samples)])


def test_no_descriptors_is_the_plain_autoencoder(clip_format):
    """The baseline: no knobs, empty controls."""
    encoder = DescriptorEncoder(clip_format, descriptors=[])
    encoding = encoder(torch.randn(2, clip_format.n_samples))
    assert encoding.controls.shape == (2, clip_format.n_frames, 0) and encoder.knobs == []
