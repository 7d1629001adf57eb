"""The front is what no other beats; better is up and right; names can be read."""

import math
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation, Text

from lightning_modules.comparison import Comparison, Model
from lightning_modules.comparison_figure import (
    axis_title,
    limits,
    pareto_figure,
    pareto_front,
    place_labels,
    staircase,
    trade_off,
)
from lightning_modules.figure import Figure
from lightning_modules.run_reports import Crosstalk
from output.pictures import png_bytes

TALK = Crosstalk(["level"], ["level", "f0"], np.array([[math.nan, 0.5]]))


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


def test_labels_keep_clear_of_each_other_and_of_points():
    """Eleven points in a small cloud, on a plot of 800 by 480 pixels."""
    anchors = np.random.default_rng(0).uniform((300, 150), (500, 330), (11, 2))
    sizes = np.tile((90.0, 14.0), (11, 1))
    points = np.concatenate([anchors - 5, anchors + 5], axis=1)
    centres = place_labels(anchors, sizes, points, np.array([0.0, 0.0, 800.0, 480.0]))
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    assert not any(_overlap(a, b) for a, b in combinations(boxes, 2))
    assert not any(_overlap(box, point) for box, point in product(boxes, points))
    assert (np.abs(centres - anchors).max(axis=1) < 130).all()


def test_labels_stay_inside():
    corners = np.array([(0.0, 0.0), (800.0, 480.0), (800.0, 0.0)])
    centres = place_labels(corners, np.tile((90.0, 14.0), (3, 1)), np.empty((0, 4)), np.array([0.0, 0.0, 800.0, 480.0]))
    assert (centres >= (45, 7)).all() and (centres <= (755, 473)).all()


@pytest.mark.parametrize("seed", range(3))
def test_names_in_the_picture_can_be_read(seed):
    """No two names of eleven models overlap, and none leaves the picture, as it is saved."""
    random = np.random.default_rng(seed)
    values = [
        (quality, None if n < 2 else 1.2 - 1.5 * quality) for n, quality in enumerate(random.normal(0.3, 0.03, 11))
    ]
    picture = pareto_figure(traded(values))
    assert png_bytes(picture).startswith(b"\x89PNG")
    picture.draw_without_rendering()  # saving has drawn it at another resolution
    renderer = FigureCanvasAgg(picture).get_renderer()
    names = [text for text in picture.axes[0].texts if isinstance(text, Annotation)]
    assert len(names) == 11
    boxes = [Text.get_window_extent(name, renderer).extents for name in names]
    assert not any(_overlap(a, b) for a, b in combinations(boxes, 2))
    assert all((box[:2] >= 0).all() and (box[2:] <= picture.bbox.size).all() for box in boxes)


@pytest.mark.parametrize("values", [[(0.3, 0.5)], [(0.3, None), (0.3, None)], [(0.3, 0.5), (0.3, 0.5)]])
def test_few_models_are_drawn_too(values):
    assert png_bytes(pareto_figure(traded(values, half_width=math.nan))).startswith(b"\x89PNG")


def _overlap(a, b):
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
