"""Requests become positions: steady ones keep the way a knob moves, courses are followed."""

import pytest
import torch

from synths import ClipFormat, Level, Sharpness
from synths.descriptors.knob_range import KnobRange
from synths.descriptors.request import KnobRequest

CLIP = ClipFormat()
SHARPNESS = Sharpness(CLIP)  # 0.4 to 2 acum, 0.08 acum are just heard
OWN = torch.tensor([[0.2, 0.4], [0.5, 0.9]])
MEAN = OWN.mean(1)  # .3 and .7


@pytest.mark.parametrize(
    ("value", "unit", "moves", "means"),
    [
        (0.5, "", False, [0.5, 0.5]),
        (1.2, "acum", False, [0.5, 0.5]),
        (0.1, "", True, [0.4, 0.8]),
        (0.16, "acum", True, [0.4, 0.8]),
        (2.0, "jnd", True, [0.4, 0.8]),
    ],
)
def test_a_number_goes_for_the_mean_and_the_contour_stays(value, unit, moves, means):
    asked = KnobRequest("sharpness", value, unit, moves).positions(SHARPNESS, OWN, MEAN)
    torch.testing.assert_close(asked.mean(1), torch.tensor(means))
    torch.testing.assert_close(asked - asked.mean(1, keepdim=True), OWN - MEAN[:, None])


@pytest.mark.parametrize(
    ("values", "unit", "moves", "asked"),
    [
        ([0.1, 0.9], "", False, [[0.1, 0.9], [0.1, 0.9]]),
        ([0.4, 2.0], "acum", False, [[0.0, 1.0], [0.0, 1.0]]),
        ([0.0, -2.0], "jnd", True, [[0.2, 0.3], [0.5, 0.8]]),
    ],
)
def test_a_course_is_followed(values, unit, moves, asked):
    request = KnobRequest("sharpness", torch.tensor(values, dtype=torch.float64), unit, moves)
    torch.testing.assert_close(request.positions(SHARPNESS, OWN, MEAN), torch.tensor(asked))


def test_a_move_on_a_bent_scale_is_as_far_in_the_unit():
    bent = Level(CLIP)
    bent.range = KnobRange((100.0, 10000.0), "log")  # .5 is 1000
    asked = KnobRequest("level", 1000.0, "dB", True).positions(bent, torch.full((1, 2), 0.5), torch.tensor([0.5]))
    assert bent.value_at(asked)[0].tolist() == pytest.approx([2000.0, 2000.0])


def test_a_control_that_nothing_measures_has_positions():
    assert KnobRequest("tilt", 0.5).positions(None, OWN, MEAN).mean(1).tolist() == pytest.approx([0.5, 0.5])
