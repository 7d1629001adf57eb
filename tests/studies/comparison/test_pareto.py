"""The picture of control against quality: every name can be read."""

import math
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation, Text

from output.pictures import png_bytes
from studies.comparison.comparison import Comparison, Model
from studies.comparison.pareto import pareto_figure
from studies.comparison.trade_off import trade_off
from studies.figure import Figure


def figure(name, better, value, half_width=0.01):
    return Figure(name, None, None, None, "1", better, "", value, value - half_width, value + half_width)


def traded(values, half_width=0.01):
    """[(quality, control or None), ...] -> their trade-off."""
    models = [
        Model(
            f"model_{number}",
            1,
            () if control is None else ("level",),
            [figure("stft", "lower", quality, half_width)],
            [] if control is None else [figure("score", "higher", control, half_width)],
            None,
        )
        for number, (quality, control) in enumerate(values)
    ]
    return trade_off(Comparison(models, []), figure("stft", "lower", 0.0), figure("score", "higher", 0.0))


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
