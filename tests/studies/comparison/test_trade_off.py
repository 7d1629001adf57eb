"""The front is what no other beats; better is up and right."""

import math
from itertools import pairwise, product

import numpy as np
import pytest

from studies.comparison.comparison import Comparison, Model, SeedRun
from studies.comparison.trade_off import axis_title, limits, pareto_front, staircase, trade_off
from studies.figure import Figure
from studies.run_reports import DriftTable

TALK = DriftTable(["level"], ["level", "f0"], np.array([[math.nan, 0.5]]))


def figure(name, better, value, half_width=0.01, unit="1"):
    return Figure(name, None, None, None, unit, better, "", value, value - half_width, value + half_width)


def traded(values, better=("lower", "higher"), half_width=0.01):
    """[(quality, control or None), ...] -> their trade-off."""
    models = []
    for number, (quality, control) in enumerate(values):
        scores = [] if control is None else [figure("score", better[1], control, half_width)]
        stft = figure("stft", better[0], quality, half_width, "distance")
        knobs = ("level", "sharpness") if scores else ()
        models.append(Model(f"model_{number}", 1, knobs, [stft], scores, TALK if scores else None))
    axes = (figure("stft", better[0], 0.0, unit="distance"), figure("score", better[1], 0.0))
    return trade_off(Comparison(models, []), *axes)


def beaten(point, others, better):
    """Whether another is better in one and no worse in the other; spelt out."""
    for other in others:
        gains = [(b - a) * (1 if way == "higher" else -1) for a, b, way in zip(point, other, better, strict=True)]
        if min(gains) >= 0 and max(gains) > 0:
            return True
    return False


@pytest.mark.parametrize("better", list(product(("lower", "higher"), repeat=2)))
@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_what_no_other_beats(better, seed):
    """Against brute force, on a coarse grid so that there are ties and twins, and with points that are undefined."""
    points = np.random.default_rng(seed).integers(0, 6, (20, 2)).astype(float)
    points[::7, seed % 2] = np.nan
    known = [tuple(point) for point in points if np.isfinite(point).all()]
    expected = {i for i, point in enumerate(points) if tuple(point) in known and not beaten(point, known, better)}
    front = pareto_front(points, better)
    assert set(front) == expected and len(front) == len(expected)
    quality = points[front, 0] * (1 if better[0] == "higher" else -1)
    assert (np.diff(quality) >= 0).all()


def test_the_front_of_nothing_is_empty():
    assert pareto_front(np.full((3, 2), np.nan), ("lower", "higher")) == []
    assert pareto_front(np.empty((0, 2)), ("lower", "higher")) == []


def test_better_is_always_right_and_up():
    assert np.diff(limits(traded([(0.2, 0.5), (0.4, 0.9)]), 0)) < 0
    assert np.diff(limits(traded([(0.2, 0.5), (0.4, 0.9)]), 1)) > 0
    assert np.diff(limits(traded([(0.2, 0.5), (0.4, 0.9)], ("higher", "lower")), 0)) > 0
    assert axis_title(figure("error_jnd", "lower", 1.0, unit="JND")) == "error jnd (JND), lower is better →"


def test_limits_hold_points_and_intervals():
    worse, better = limits(traded([(0.2, 0.5), (0.4, 0.9)], half_width=0.1), 0)
    assert better < 0.1 and worse > 0.5
    start, end = limits(traded([(0.3, None)]), 1)
    assert math.isfinite(start) and start < end


def test_the_line_steps_along_the_front():
    """From the left edge over each corner to the floor; where it turns left, the next has no better control."""
    trade = traded([(0.2, 0.6), (0.3, 0.9), (0.4, 0.5)])
    line = staircase(trade)
    left, floor = limits(trade, 0)[0], limits(trade, 1)[0]
    np.testing.assert_allclose(line, [(left, 0.9), (0.3, 0.9), (0.3, 0.6), (0.2, 0.6), (0.2, floor)])
    assert all((a == b).any() for a, b in pairwise(line))
    assert len(staircase(traded([(0.2, None)]))) == 0


def test_what_has_no_control_lies_on_the_floor_and_off_the_front():
    trade = traded([(0.1, None), (0.2, 0.6)])
    assert trade.front == [1] and trade.points[0, 1] == limits(trade, 1)[0]
    assert trade.label(0) == "model_0 (no knobs)" and trade.label(1) == "model_1"
    untested = trade._replace(models=[trade.models[0]._replace(control=None), trade.models[1]])
    assert untested.label(0) == "model_0 (control not measured)"


def test_turning_fewer_knobs_is_off_the_front():
    """However well it is done; it keeps its place and says so."""
    trade = traded([(0.1, 0.99), (0.2, 0.6), (0.3, None)])
    models = [trade.models[0]._replace(knobs=("level",)), *trade.models[1:]]
    trade = trade_off(Comparison(models, []), *trade.axes)
    assert trade.front == [1] and trade.label(0) == "model_0 (1 of 2 knobs)"
    assert trade.points[0, 1] == 0.99 and list(trade.contends) == [False, True, False]


def test_a_figure_that_is_undefined_for_one_model_says_so():
    trade = traded([(0.2, math.nan), (0.3, 0.6)])
    assert trade.front == [1] and trade.label(0) == "model_0 (no score)"


def test_seeds_are_dots_where_there_are_several(tmp_path):
    """Those that have both figures, within the axes; a model of one run has its point alone."""

    def seed(quality, *control):
        figures = [figure("stft", "lower", quality), *(figure("score", "higher", value) for value in control)]
        return SeedRun("run", tmp_path, figures)

    models = traded([(0.3, 0.8), (0.4, 0.5)]).models
    models[0] = models[0]._replace(runs=(seed(0.1, 0.7), seed(0.5, 0.9), seed(0.2)))
    models[1] = models[1]._replace(runs=(seed(0.4, 0.5),))
    trade = trade_off(Comparison(models, []), figure("stft", "lower", 0.0), figure("score", "higher", 0.0))
    assert [each.tolist() for each in trade.seeds] == [[[0.1, 0.7], [0.5, 0.9]], []]
    left, right = limits(trade, 0)
    assert left > 0.5 and right < 0.1
