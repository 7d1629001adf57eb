"""Names stand clear of each other and of what is drawn."""

from itertools import combinations, product

import numpy as np

from studies.comparison.comparison import Comparison, Model, SeedRun
from studies.comparison.labels import occupied, place_labels
from studies.comparison.trade_off import trade_off
from studies.figure import Figure


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


def test_seeds_take_room(tmp_path):
    """A small box around each, beside those of the points."""

    def trade(n_runs):
        figures = [Figure(name, None, None, None, "1", "lower", "", 1.0, 0.5, 1.5) for name in ("stft", "error")]
        runs = tuple(
            SeedRun(str(n), tmp_path, [figure._replace(value=n + 1.0) for figure in figures]) for n in range(n_runs)
        )
        model = Model("m", n_runs, (), figures[:1], figures[1:], None, runs=runs)
        return trade_off(Comparison([model], []), *figures)

    one, three = (occupied(trade(n), lambda points: points * 100.0) for n in (1, 3))
    assert len(three) == len(one) + 3
    assert three[-3:].tolist() == [[100.0 * n - 3, 100.0 * n - 3, 100.0 * n + 3, 100.0 * n + 3] for n in (1, 2, 3)]


def _overlap(a, b):
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
