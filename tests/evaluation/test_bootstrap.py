"""Intervals cover the truth, draw whole notes and leave out what is undefined."""

import numpy as np
import pytest

from evaluation.bootstrap import bootstrap_interval


@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_intervals_cover_the_truth_as_often_as_they_say(statistic):
    """Knobs of a note err together: drawing single values instead of notes would cover far too seldom."""
    rng = np.random.default_rng(0)
    n_trials, covered = 300, 0
    for _ in range(n_trials):
        values = rng.normal(size=(40, 1)) + 0.1 * rng.normal(size=(40, 4))
        low, high = bootstrap_interval(values, statistic)
        covered += low <= 0 <= high
    assert 0.90 <= covered / n_trials <= 0.98


def test_intervals_are_those_of_notes_drawn_by_hand():
    rng = np.random.default_rng(3)
    values = rng.exponential(size=(30, 3))
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    draws = rng.integers(30, size=(4000, 30))
    for statistic, function in (("mean", np.nanmean), ("median", np.nanmedian)):
        expected = np.percentile([function(values[draw]) for draw in draws], [2.5, 97.5])
        assert bootstrap_interval(values, statistic) == pytest.approx(expected, abs=0.03)


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle():
    assert bootstrap_interval(np.array([[0.0, 1.0], [2.0, 3.0]]), "median") == (0.5, 2.5)
    assert bootstrap_interval(np.array([[0.0, 1.0, 5.0], [2.0, 3.0, 5.0]]), "median") == (1, 3)


def test_intervals_ignore_undefined_notes_and_need_two():
    values = np.array([1.0, np.nan, 3.0, 2.0])
    assert bootstrap_interval(values, "mean") == bootstrap_interval(values[[0, 2, 3]], "mean")
    assert np.isnan(bootstrap_interval(np.array([1.0, np.nan]), "median")).all()
    assert np.isnan(bootstrap_interval(np.full((3, 2), np.nan), "mean")).all()
