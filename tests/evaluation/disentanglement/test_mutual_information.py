"""Shares of entropy that codes of known relation tell, and the gap and modularity they give."""

import math

import numpy as np
import pytest

from evaluation.disentanglement.mutual_information import (
    modularity,
    mutual_information,
    mutual_information_gap,
)

TOLERANCE = 0.1
"""What sixty notes leave to chance."""


def test_codes_that_are_the_factors_tell_all_of_their_own_and_nothing_of_others(factors, groups):
    information = mutual_information(factors, factors, groups)
    np.testing.assert_allclose(information, np.eye(4), atol=TOLERANCE)
    np.testing.assert_allclose(mutual_information_gap(information), 1, atol=TOLERANCE)
    assert modularity(information) == pytest.approx(1, abs=0.01)


def test_only_ranks_count(factors, groups):
    bent = mutual_information(np.exp(3 * factors), -(factors**3), groups)
    straight = mutual_information(factors, factors, groups)
    np.testing.assert_allclose(bent, straight)


def test_a_rotation_closes_the_gap_and_costs_modularity(factors, groups, rotation):
    information = mutual_information(factors @ rotation, factors, groups)
    assert mutual_information_gap(information).mean() < 0.4
    assert modularity(information) < 0.95


def test_codes_of_noise_tell_nothing_however_alike_the_frames_of_a_note_are(rng, groups):
    by_note = rng.normal(size=(60, 10))[groups]
    information = mutual_information(by_note[:, :6], by_note[:, 6:], groups)
    assert information.max() < 0.1
    assert mutual_information_gap(information).mean() < 0.05


def test_two_codes_for_one_factor_close_its_gap_and_keep_modularity(factors, groups):
    information = mutual_information(np.column_stack([factors, factors[:, 0]]), factors, groups)
    np.testing.assert_allclose(mutual_information_gap(information), [0, 1, 1, 1], atol=TOLERANCE)
    assert modularity(information) == pytest.approx(1, abs=0.01)


def test_one_code_for_two_factors_costs_modularity(factors, groups):
    codes = np.column_stack([factors[:, 0] + factors[:, 1], factors[:, 2:]])
    assert modularity(mutual_information(codes, factors, groups)) < 0.97


def test_a_histogram_of_known_information(groups):
    """Halves of a factor's range are one bit of its log2(20) bits; frames are independent of the note."""
    rng = np.random.default_rng(1)
    factor = rng.uniform(-1, 1, (20000, 1))
    information = mutual_information(np.sign(factor), factor, np.arange(20000))
    assert information == pytest.approx(1 / math.log2(20), abs=0.005)


def test_notes_of_different_lengths_and_in_any_order(rng, factors, groups):
    some = rng.permutation(groups.size)[:400]
    information = mutual_information(factors[some], factors[some], groups[some])
    np.testing.assert_allclose(information, np.eye(4), atol=TOLERANCE)


def test_a_constant_code_tells_nothing(factors, groups):
    information = mutual_information(np.column_stack([factors, np.ones(groups.size)]), factors, groups)
    np.testing.assert_array_equal(information[4], 0)


def test_modularity_of_known_information():
    information = np.array([[0.8, 0.4, 0.0], [0.0, 0.0, 0.2], [0.0, 0.0, 0.0]])
    # First code: 1 - 0.4^2 / (0.8^2 * 2) = 0.875; second: 1; the third tells nothing.
    assert modularity(information) == pytest.approx((0.875 + 1) / 2)
    assert modularity(np.zeros((3, 2))) == 0
    assert math.isnan(modularity(np.ones((3, 1))))


def test_too_few_notes_to_tell_from_chance_are_undefined(rng):
    """Twenty notes of one frame fill twenty bins: any two series determine each other."""
    information = mutual_information(rng.normal(size=(20, 2)), rng.normal(size=(20, 2)), np.arange(20))
    assert np.isnan(information).all()
    assert math.isnan(modularity(information))


def test_a_silent_residual_does_not_count_in_modularity(draw, factors, groups):
    information = mutual_information(np.hstack([factors, draw(12)]), factors, groups)
    assert np.count_nonzero(information[4:].any(axis=1)) <= 1
    assert modularity(information) > 0.9
