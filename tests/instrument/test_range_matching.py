"""Octaves and maps that take a recording to where training notes are."""

import pytest
import torch

from instrument.range_matching import KnobMap, knob_maps, octaves_to, share_at_home, shares_within
from lightning_modules.encoders.training_frames import TrainingFrames
from synths import Level
from synths.signal import midi_to_hz

SHARES = torch.linspace(0.0, 1.0, 101, dtype=torch.float64)


def training_of(midi):
    frames = TrainingFrames(0)
    frames.learn([], midi_to_hz(torch.as_tensor(midi).float()))
    return frames


@pytest.mark.parametrize(
    ("played", "octaves"),
    [
        (range(60, 84), 0),  # the training notes' own
        (range(59, 83), 0),  # a semitone below: Tone Transfer's rule takes it up a whole octave
        (range(36, 60), 2),
        (range(48, 72), 1),
        (range(84, 108), -2),
        ([66], 0),
        ([65 - 24], 2),
        ([18], 4),
        ([0], 0),  # no octave takes it there
    ],
)
def test_the_octave_is_the_least_that_takes_most_of_it_home(played, octaves):
    training = training_of(range(60, 84))
    assert octaves_to(training, midi_to_hz(torch.tensor(list(played)).float())) == octaves


def test_the_share_at_home_is_counted():
    """Two of 100 at each end would be left out: of 24 pitches, 60 to 83, each has more."""
    training = training_of(range(60, 84))
    pitches_hz = midi_to_hz(torch.tensor([59.0, 60.0, 83.0, 84.0]))
    assert share_at_home(training, pitches_hz) == 0.5
    assert share_at_home(training, pitches_hz[:2], 1) == 1.0 and share_at_home(training, pitches_hz[:0]) == 0.0


def test_quantiles_go_to_quantiles():
    """0.2 ... 0.6 to 0.5 ... 0.9: a shift; the map is exact, and goes on beyond its ends."""
    knob_map = KnobMap.between(0.2 + 0.4 * SHARES, 0.5 + 0.4 * SHARES)
    places = torch.tensor([[0.0, 0.2, 0.4, 0.6, 0.7]])
    torch.testing.assert_close(knob_map(places), places + 0.3)


def test_a_wide_source_is_narrowed():
    """Whatever its spread: its distribution is the training's afterwards."""
    values = torch.randn(5000, dtype=torch.float64).exp()
    training = 0.3 + 0.1 * SHARES**2
    mapped = KnobMap.between(torch.quantile(values, SHARES), training)(values)
    torch.testing.assert_close(torch.quantile(mapped, SHARES), training, atol=2e-3, rtol=0)


def test_a_held_note_is_moved_and_not_stretched():
    """A tenth of the training's spread becomes two tenths at most, around the training's middle."""
    source = 0.7 + 0.01 * SHARES
    mapped = KnobMap.between(source, SHARES)(source)
    assert float(mapped[90] - mapped[10]) <= 2.0 * float(source[90] - source[10])
    assert float(mapped[50]) == pytest.approx(0.5)
    constant = torch.full((101,), 0.7, dtype=torch.float64)
    assert KnobMap.between(constant, SHARES)(torch.tensor(0.7)).item() == pytest.approx(0.5)


def test_a_map_for_every_knob(second):
    """Readings of training become positions; before, a quarter of the recording lies within them, afterwards all."""
    level = Level(second)
    training = TrainingFrames(1)
    training.learn([torch.linspace(-40.0, -20.0, 1000)], torch.full((1000,), 440.0))
    positions = torch.linspace(0.0, 1.0, 1000)[:, None]
    (knob_map,) = knob_maps(training, [level], positions)
    mapped = level.value_at(knob_map(positions))
    assert mapped.min() == pytest.approx(-40.0, abs=0.1) and mapped.max() == pytest.approx(-20.0, abs=0.1)
    assert float(shares_within(training, [level], positions)) == pytest.approx(0.245, abs=0.01)
    assert float(shares_within(training, [level], knob_map(positions))) == pytest.approx(0.98, abs=0.01)
