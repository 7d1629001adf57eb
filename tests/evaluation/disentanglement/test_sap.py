"""The lead of the best straight line on the second best."""

import numpy as np
import pytest

from evaluation.disentanglement.sap import gap_of_top_two, separated_attribute_predictability


def test_codes_that_are_the_factors_lead_by_1_less_the_next(factors):
    of_others = np.square(np.corrcoef(factors.T)) - np.eye(4)
    gaps = separated_attribute_predictability(factors, factors)
    np.testing.assert_allclose(gaps, 1 - of_others.max(axis=0))
    assert gaps.min() > 0.85


def test_scale_offset_and_sign_do_not_count(factors):
    bent = separated_attribute_predictability(5 - 3 * factors, 1000 * factors)
    np.testing.assert_allclose(bent, separated_attribute_predictability(factors, factors))


def test_a_rotation_a_twin_and_noise_lead_by_less(draw, factors, rotation):
    assert separated_attribute_predictability(factors @ rotation, factors).mean() < 0.5
    assert separated_attribute_predictability(np.column_stack([factors, factors[:, 0]]), factors)[0] == pytest.approx(0)
    assert separated_attribute_predictability(draw(6), factors).max() < 0.15


def test_constant_codes_follow_nothing(factors):
    gaps = separated_attribute_predictability(np.column_stack([factors[:, 0], np.ones(len(factors))]), factors[:, :1])
    np.testing.assert_allclose(gaps, 1)


def test_a_single_code_leads_nothing():
    np.testing.assert_allclose(gap_of_top_two(np.array([[0.7, 0.2]])), [0.7, 0.2])
    np.testing.assert_allclose(gap_of_top_two(np.array([[0.7, 0.2], [0.1, 0.9], [0.3, 0.3]])), [0.4, 0.6])
