"""A preset follows the pitch, and nothing else."""

import torch

from lightning_modules.encoders.preset import Preset
from synths.signal import midi_to_hz


def given(preset, *midi):
    assert preset.knobs_at(torch.tensor([[440.0]])).shape == (1, 1, 1)
    return preset.residual_at(midi_to_hz(torch.tensor(midi, dtype=torch.float32))[None])[0]


def test_between_semitones_it_goes_in_a_line_and_holds_at_the_ends():
    preset = Preset(60, torch.tensor([[0.0, 1.0], [1.0, -1.0], [0.5, 0.0]]), torch.zeros(3, 1))
    expected = torch.tensor([[0.0, 1.0], [0.0, 1.0], [0.25, 0.5], [1.0, -1.0], [0.75, -0.5], [0.5, 0.0], [0.5, 0.0]])
    torch.testing.assert_close(given(preset, 40, 60, 60.25, 61, 61.5, 62, 90), expected, atol=1e-4, rtol=0)


def test_one_note_is_the_same_everywhere():
    preset = Preset(60, torch.tensor([[0.25]]), torch.zeros(1, 1))
    assert given(preset, 30, 60, 77).flatten().tolist() == [0.25, 0.25, 0.25]
