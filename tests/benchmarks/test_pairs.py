"""Pairs of dynamics, and the distance of third-octave levels."""

import math

import pytest
import torch

from benchmarks.exact_requests import spread
from benchmarks.pairs import RANGE_DB, cases, distance_db, third_octaves_db
from synths import Clip


def note(name):
    """A clip of that name."""
    return Clip(torch.zeros(1, 16000), torch.ones(1, 100), torch.ones(1, 100), [name], {})


def test_every_dynamic_with_every_other_of_the_same_note():
    names = ["flute-060-100", "reed-060-025", "flute-060-025", "flute-061-025", "flute-060-050"]
    found = {(case.source.name[0], case.target.name[0]) for case in cases([note(name) for name in names])}
    dynamics = ["flute-060-025", "flute-060-050", "flute-060-100"]
    assert found == {(one, other) for one in dynamics for other in dynamics if one != other}


def test_a_sine_lies_in_its_third_of_an_octave():
    """Twice the amplitude is 6 dB, in that band; frames that do not sound do not count."""
    time_s = torch.arange(16000) / 16000
    sine = 0.1 * torch.sin(2 * math.pi * 1008.0 * time_s)[None]  # 50 Hz * 2 ** (13 / 3)
    sounding = torch.ones(1, 25)
    levels = third_octaves_db(sine, sounding, 16000, 640)
    louder = third_octaves_db(2 * sine, sounding, 16000, 640)
    band = int(levels.argmax())
    assert (louder - levels)[0, band] == pytest.approx(6.02, abs=0.01)
    assert levels.sort().values[0, -2] < levels[0, band] - 20
    half = sine * (time_s < 0.5)
    early = third_octaves_db(half, (torch.arange(25) < 11).float()[None], 16000, 640)
    assert early[0, band] == pytest.approx(float(levels[0, band]), abs=0.5)


def test_distance_is_rms_of_what_is_within_range():
    target = torch.tensor([[0.0, -20.0, -200.0]])
    assert distance_db(target + torch.tensor([[3.0, -4.0, 0.0]]), target) == pytest.approx(math.sqrt(25 / 3))
    assert distance_db(torch.tensor([[0.0, -20.0, -300.0]]), target) == 0.0
    assert distance_db(torch.tensor([[0.0, -20.0, -RANGE_DB + 3.0]]), target) == pytest.approx(math.sqrt(9 / 3))


def test_spread_takes_from_all_over():
    assert spread(range(10), 4) == [0, 3, 6, 9] and spread(range(3), 8) == [0, 1, 2]
