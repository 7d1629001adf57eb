"""Random numbers are those of a clip, for ever."""

import pytest
import torch

from datamodules.augmentation import Draws
from datamodules.augmentation.draws import generator

HERE = torch.device("cpu")


def draws(n_clips: int = 500) -> Draws:
    return Draws([generator(0, 0, 0, f"clip {number}") for number in range(n_clips)], HERE)


def test_the_numbers_are_pinned():
    """A run that was begun with an earlier version goes on with the same data."""
    assert Draws([generator(1, 2, 3, "flute")], HERE).numbers(0, 1) == [pytest.approx(0.5904724989718343, abs=1e-15)]
    noise = Draws([generator(1, 2, 3, "flute")], HERE).white_noise(3)[0]
    assert ((noise + 1) / 2).tolist() == pytest.approx([0.271422, 0.590472, 0.150210], abs=1e-6)


@pytest.mark.parametrize("other", [(2, 2, 3, "flute"), (1, 3, 3, "flute"), (1, 2, 4, "flute"), (1, 2, 3, "flutes")])
def test_everything_that_names_a_generator_counts(other):
    assert generator(1, 2, 3, "flute").random() != generator(*other).random()


def test_uniform_fills_its_range():
    drawn = draws().uniform(-3, 5)
    assert drawn.shape == (500, 1) and drawn.min() >= -3 and drawn.max() <= 5
    assert drawn.mean().item() == pytest.approx(1, abs=0.3) and drawn.max() - drawn.min() > 7.8


def test_every_octave_is_as_likely():
    drawn = draws().frequency_hz(100, 1600)
    assert drawn.min() >= 100 and drawn.max() <= 1600 and drawn.median().item() == pytest.approx(400, rel=0.15)


def test_noise_is_white_and_of_each_clip():
    noise = draws(8).white_noise(4096)
    assert noise.shape == (8, 4096) and noise.abs().max() <= 1 and noise.mean().abs() < 0.02
    alike = torch.corrcoef(noise) - torch.eye(8)
    neighbours = torch.corrcoef(torch.cat([noise[:, 1:], noise[:, :-1]]))[range(8), range(8, 16)]
    assert alike.abs().max() < 0.08 and neighbours.abs().max() < 0.08
