"""What calibration keeps of the training frames: pitches and quantiles."""

import pytest
import torch

from lightning_modules.encoders import DescriptorEncoder
from lightning_modules.encoders.training_frames import TrainingFrames
from synths import Level, Sharpness
from synths.signal import midi_to_hz


def test_pitches_and_quantiles_are_those_of_the_frames():
    """A quarter of the frames a semitone apart; readings spread evenly from 10 to 20."""
    frames = TrainingFrames(2)
    assert not frames.known
    midi = torch.tensor([60.0, 61.0, 62.0, 62.2]).repeat(250)
    frames.learn([torch.linspace(10.0, 20.0, 1000), torch.ones(1000)], midi_to_hz(midi))
    assert frames.known and frames.pitches[60:63].tolist() == pytest.approx([0.25, 0.25, 0.5])
    torch.testing.assert_close(frames.quantiles[0], torch.linspace(10.0, 20.0, 101))
    assert (frames.quantiles[1] == 1.0).all()


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [(0.02, 0.98, (60, 79)), (0.0, 1.0, (40, 80)), (0.02, 0.999, (60, 80)), (0.6, 0.98, (79, 79))],
)
def test_the_ends_leave_out_what_is_rare(low, high, ends):
    """One frame in a hundred lies at 40 and one at 80, the others at 60 and 79."""
    frames = TrainingFrames(0)
    frames.learn([], midi_to_hz(torch.tensor([40.0, *[60.0] * 49, *[79.0] * 49, 80.0])))
    assert frames.pitch_ends(low, high) == ends


def test_a_state_of_before_is_loaded():
    """As one that knows nothing; one that knows comes back."""
    frames = TrainingFrames(1)
    frames.learn([torch.linspace(0.0, 1.0, 50)], torch.full((50,), 440.0))
    kept = {name: value.clone() for name, value in frames.state_dict().items()}
    frames.load_state_dict({})
    assert not frames.known
    frames.load_state_dict(kept)
    assert frames.known and frames.pitch_ends() == (69, 69)


def test_calibration_keeps_what_sounds(second, harmonic_tone):
    """The silence behind a note counts for no pitch and no quantile: the ends of both knobs' ranges are quantiles."""
    encoder = DescriptorEncoder(second, [Level, Sharpness])
    audio = harmonic_tone(second, 220.0) * torch.linspace(1.0, 0.2, second.n_samples)
    audio[:, 8000:] = 0.0
    pitch = torch.full((1, 100), 220.0)
    pitch[:, 60:] = 3000.0
    encoder.calibrate([(audio, pitch)])
    frames = encoder.training_frames
    assert frames.pitch_ends() == (57, 57) and float(frames.pitches.sum()) == pytest.approx(1.0)
    _, sharpness = encoder.each_descriptor()
    torch.testing.assert_close(frames.quantiles[1][[1, 99]], sharpness.span, rtol=1e-4, atol=1e-4)
    assert frames.quantiles[0][0] > -60.0
