"""Lines lead from settings to figures: the better the higher, in colours of control, and nothing is made up."""

import math

import pytest

from studies.comparison.comparison import Comparison, Model
from studies.comparison.parallel_plot import NO_CONTROL, figure_axis, parallel_plot, setting_axis
from studies.comparison.settings import Setting
from studies.figure import Figure

NASTY = "<b>|&"


def figure(name, better, value):
    return Figure(name, None, None, None, "1", better, "", value, math.nan, math.nan)


def model(name, stft, score, share):
    control = [] if score is None else [figure("score", "higher", score)]
    knobs = () if score is None else ("level",)
    return Model(
        name, 1, knobs, [figure("stft", "lower", stft)], control, None, {"model": {"turned": {"share": share}}}
    )


COMPARISON = Comparison([model("a", 1.0, 0.2, 0.5), model(NASTY, 2.0, 0.8, 0.0), model("c", 1.5, None, 10.0)], [])
STFT, SCORE = figure("stft", "lower", 0), figure("score", "higher", 0)


@pytest.fixture(scope="module")
def plot():
    return parallel_plot(COMPARISON, COMPARISON.settings, [STFT, SCORE], SCORE)


def test_better_is_higher_whichever_way_that_is():
    assert figure_axis(COMPARISON, STFT).places == [1.0, 0.0, 0.5]
    assert figure_axis(COMPARISON, SCORE).places == pytest.approx([0.0, 1.0, None])


def test_a_difference_within_the_intervals_does_not_look_large():
    """For 1.0 and 1.1, each 0.45 either way, the axis runs from 0.55 to 1.55."""
    wide = [figure("stft", "lower", value)._replace(low=value - 0.45, high=value + 0.45) for value in (1.0, 1.1)]
    models = [COMPARISON.models[0]._replace(quality=[each]) for each in wide]
    axis = figure_axis(Comparison(models, []), STFT)
    assert axis.places == pytest.approx([0.55, 0.45]) and list(axis.ticks.values()) == ["1.55", "0.550"]


def test_numbers_stand_in_their_order_at_equal_distances():
    """Not as text, in which 10 comes before 2; a missing value is the lowest, and words come last."""
    axis = setting_axis(Setting("size", (10, 2, None, "wide", 2), ("10", "2", "–", "wide", "2")))
    assert axis.places == pytest.approx([2 / 3, 1 / 3, 0.0, 1.0, 1 / 3])
    assert list(axis.ticks.values()) == ["–", "2", "10", "wide"]


def test_where_all_are_alike_none_looks_bad():
    alike = Comparison([COMPARISON.models[0]] * 2, [])
    assert figure_axis(alike, STFT).places == [0.5, 0.5] and [*figure_axis(alike, STFT).ticks] == [0.5]
    assert setting_axis(Setting("size", (1, 1), ("1", "1"))).places == [0.0, 0.0]


def test_a_line_per_model_goes_through_its_values(plot):
    assert [line["y"] for line in plot["data"]] == [
        pytest.approx([0.5, 1.0, 0.0]),
        pytest.approx([0.0, 0.0, 1.0]),
        pytest.approx([1.0, 0.5, None]),
    ]
    assert "turned.share 0.5" in plot["data"][0]["hovertext"] and "score ↑ 0.2" in plot["data"][0]["hovertext"]


def test_control_colours_the_lines(plot):
    colours = [line["line"]["color"] for line in plot["data"]]
    assert colours[2] == NO_CONTROL and len(set(colours)) == 3
    lightness = [sum(int(part) for part in colour[4:-1].split(",")) for colour in colours[:2]]
    assert lightness[1] < lightness[0]


def test_axes_are_named_and_names_escaped(plot):
    texts = [annotation["text"] for annotation in plot["layout"]["annotations"]]
    assert "<b>turned.<br>share</b>" in texts and "<b>score ↑</b>" in texts and {"1.00", "2.00"} <= set(texts)
    assert "&lt;b&gt;|&amp;" in plot["data"][1]["hovertext"] and NASTY not in plot["data"][1]["hovertext"]


def test_long_values_are_cut_where_they_are_alike():
    settings = [Setting("d", (1, 2), ("Level, Sharpness, Noisiness", "Level, Sharpness, Roughness"))]
    texts = [
        each["text"]
        for each in parallel_plot(COMPARISON._replace(models=COMPARISON.models[:2]), settings, [], SCORE)["layout"][
            "annotations"
        ]
    ]
    assert len(set(texts)) == 3 and all(len(text) <= 16 for text in texts)
