"""The probes find what is there, straight or folded, and nothing that is known only by heart."""

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.preprocessing import scale

from evaluation.disentanglement.probe import best_held_out_prediction


def _r_squared(inputs, factors, groups):
    return r2_score(scale(factors), best_held_out_prediction(inputs, factors, groups), multioutput="raw_values")


def test_copies_are_found_also_where_no_line_finds_them(draw, groups):
    residual = draw(3)
    factors = np.column_stack([residual[:, 0], residual[:, 1] ** 2, np.cos(10 * residual[:, 2])])
    straight = np.square(np.corrcoef(residual.T, factors.T)[:3, 3:])
    assert straight[:, 1:].max() < 0.15
    found = _r_squared(residual, factors, groups)
    assert found[0] > 0.99
    assert found[1:].min() > 0.8


def test_a_factor_folded_and_mixed_over_all_inputs_is_found(rng, draw, groups):
    """Trees, which cut along one input at a time, explain less than a third of it."""
    hidden = draw(6)
    mixed = hidden @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    assert _r_squared(mixed, hidden[:, :1] ** 2, groups) > 0.8


def test_nothing_is_found_in_noise_or_after_the_factor_is_regressed_out(draw, groups):
    factor, noise = draw(1), draw(4)
    leaking = noise + factor
    assert _r_squared(leaking, factor, groups) > 0.6
    cleaned = leaking - factor @ np.linalg.lstsq(factor, leaking, rcond=None)[0]
    assert _r_squared(cleaned, factor, groups) < 0.1
    assert _r_squared(noise, factor, groups) < 0.1


def test_the_name_of_the_note_is_no_knowledge_of_it(rng, groups):
    """By frames the probes recognise a note whose other frames they were trained on; by notes they cannot."""
    names, factor = rng.normal(size=(60, 6))[groups], rng.normal(size=(60, 1))[groups]
    assert _r_squared(names, factor, groups) < 0.1
    assert _r_squared(names, factor, np.arange(groups.size)) > 0.9


def test_too_few_notes_are_an_error(draw, groups):
    with pytest.raises(ValueError, match="number of groups"):
        best_held_out_prediction(draw(2), draw(1), groups // 20)
