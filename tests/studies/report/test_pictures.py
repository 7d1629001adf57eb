"""Pictures of a run: every figure that has a number, the best step marked, every rendering of a knob."""

import math

import numpy as np

from studies.report.pictures import curve_pictures, sweep_pictures
from studies.run_curves import Curves
from studies.run_reports import MeanSweep


def test_curves_show_their_numbers_and_the_best_step():
    figures = {
        "train/loss": np.array([3.0, 2.0, 1.0]),
        "validation/reconstruction": np.array([math.nan, 1.0, 2.0]),
        "usage/level": np.full(3, math.nan),
    }
    pictures = curve_pictures(Curves(np.array([5.0, 10.0, 15.0]), np.zeros(3), figures))
    assert list(pictures) == ["validation/reconstruction", "train/loss"]
    course, at_best, star = pictures["train/loss"].axes[0].lines
    assert course.get_xydata().tolist() == [[5, 3], [10, 2], [15, 1]]
    assert set(at_best.get_xdata()) == {10.0} and star.get_xydata().tolist() == [[10, 2]]


def test_curves_without_a_best_have_no_star():
    pictures = curve_pictures(Curves(np.array([5.0]), np.zeros(1), {"train/loss": np.array([3.0])}))
    assert len(pictures["train/loss"].axes[0].lines) == 1


def test_a_knob_shows_the_ideal_and_each_rendering():
    places, asked = np.array([0.0, 1.0]), np.array([-60.0, 0.0])
    sweeps = [
        MeanSweep("level", "dB", places, asked, asked * share, way) for way, share in (("open", 0.5), ("exact", 1.0))
    ]
    (axis,) = sweep_pictures([*sweeps, MeanSweep("share", "1", places, places, places)])["level"].axes
    assert [line.get_ydata().tolist() for line in axis.lines] == [[-60, 0], [-30, 0], [-60, 0]]
    assert axis.get_title(loc="left") == "level (dB)" and [text.get_text() for text in axis.get_legend().texts] == [
        "open",
        "exact",
    ]
