"""DCI of codes whose relation to the factors is known."""

import math

import numpy as np
import pytest

from evaluation.disentanglement.dci import completeness, disentanglement, measure_dci


def test_codes_that_are_the_factors_score_1(factors, groups):
    dci = measure_dci(factors, factors, groups)
    assert min(dci.disentanglement, dci.completeness, *dci.informativeness) > 0.97
    assert dci.importance.argmax(axis=0).tolist() == [0, 1, 2, 3]


def test_a_rotation_costs_disentanglement_and_completeness_and_little_information(factors, groups, rotation):
    dci = measure_dci(factors @ rotation, factors, groups)
    assert max(dci.disentanglement, dci.completeness) < 0.7
    assert dci.informativeness.mean() > 0.6


def test_codes_of_noise_tell_nothing(draw, factors, groups):
    dci = measure_dci(draw(6), factors, groups)
    assert dci.informativeness.max() < 0.1
    assert max(dci.disentanglement, dci.completeness) < 0.5


def test_noise_beside_good_codes_changes_nothing(draw, factors, groups):
    dci = measure_dci(np.hstack([factors, draw(12)]), factors, groups)
    assert min(dci.disentanglement, dci.completeness) > 0.97


def test_two_codes_for_one_factor_cost_completeness_only(factors, groups):
    dci = measure_dci(np.column_stack([factors, factors[:, 0]]), factors, groups)
    assert dci.disentanglement > 0.97
    # One factor of four is spread over two codes of five.
    assert dci.completeness == pytest.approx(1 - math.log(2, 5) / 4, abs=0.03)


def test_one_code_for_two_factors_costs_disentanglement(factors, groups):
    codes = np.column_stack([factors[:, 0] + factors[:, 1], factors[:, 2:]])
    dci = measure_dci(codes, factors, groups)
    assert dci.disentanglement < 0.9
    assert dci.completeness > 0.9


def test_the_figures_of_a_known_importance():
    importance = np.array([[3.0, 3.0], [0.0, 2.0], [0.0, 0.0]])
    assert disentanglement(importance) == pytest.approx((6 * 0 + 2 * 1) / 8)
    second = -(0.6 * math.log(0.6, 3) + 0.4 * math.log(0.4, 3))
    assert completeness(importance) == pytest.approx((1 + (1 - second)) / 2)


def test_what_is_found_nowhere_counts_0_and_what_has_no_rival_is_undefined():
    nothing = np.zeros((3, 2))
    assert (disentanglement(nothing), completeness(nothing)) == pytest.approx((0, 0))
    assert math.isnan(disentanglement(np.ones((3, 1))))
    assert math.isnan(completeness(np.ones((1, 3))))


def test_informativeness_is_of_notes_not_heard(rng, groups):
    """Codes that name the note and a factor drawn for the note: known by heart, not understood."""
    names, factor = rng.normal(size=(60, 6))[groups], rng.normal(size=(60, 2))[groups]
    assert measure_dci(names, factor, groups).informativeness.max() < 0.15
    assert measure_dci(names, factor, np.arange(groups.size)).informativeness.min() > 0.8
