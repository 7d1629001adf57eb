"""A residual that copies a descriptor leaks it, one that is independent does not, and pitch is set off."""

import numpy as np
import pytest
from sklearn.preprocessing import scale

from evaluation.disentanglement import leakage
from evaluation.disentanglement.leakage import measure_leakage

COPIED, FOLDED, OF_PITCH, REMOVED, MEAN = range(5)


@pytest.fixture(scope="module")
def leaking():
    """Residual of a copy, of what a descriptor is the square of, and of pitch; one descriptor is not in it."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 10)
    f0_midi = rng.uniform(40, 80, 60)[groups]
    hidden = 0.7 * rng.uniform(-1, 1, (60, 3))[groups] + 0.3 * rng.uniform(-1, 1, (600, 3))
    residual = np.column_stack([hidden[:, :2], f0_midi])
    factors = np.column_stack([hidden[:, 0], hidden[:, 1] ** 2, 5 * f0_midi, hidden[:, 2]])
    return measure_leakage(residual, factors, f0_midi, groups)


def test_leakage_is_1_for_a_copy_and_0_for_what_was_removed(leaking):
    assert leaking.residual.value[COPIED] > 0.97
    assert leaking.residual.value[FOLDED] > 0.85
    assert leaking.residual.value[REMOVED] < 0.05
    assert leaking.residual.value[MEAN] == pytest.approx(leaking.residual.value[:MEAN].mean())


def test_what_pitch_says_anyway_is_no_leakage_beyond_pitch(leaking):
    assert leaking.pitch.value[OF_PITCH] > 0.97
    assert leaking.pitch.value[COPIED] < 0.1
    assert leaking.residual.value[OF_PITCH] > 0.97
    assert leaking.beyond_pitch.value[OF_PITCH] < 0.02
    assert leaking.beyond_pitch.value[COPIED] > 0.85
    assert leaking.residual_and_pitch.value[COPIED] > 0.97


def test_intervals_enclose_the_values_and_stay_within_0_and_1(leaking):
    for explained in leaking:
        assert (explained.low <= explained.value + 1e-9).all() and (explained.value <= explained.high + 1e-9).all()
        assert explained.low.min() >= 0 and explained.high.max() <= 1
    assert leaking.residual.high[FOLDED] - leaking.residual.low[FOLDED] > 0.005


def test_intervals_are_over_notes_and_not_over_frames(monkeypatch):
    """Each frame given four times over is no more evidence."""
    rng = np.random.default_rng(0)
    groups, factors = np.repeat(np.arange(40), 2), rng.normal(size=(80, 1))
    predicted = scale(factors) + 0.4 * rng.normal(size=(80, 1))
    monkeypatch.setattr(leakage, "best_held_out_prediction", lambda inputs, *_: inputs[:, :1])
    widths = []
    for times in (1, 4):
        repeated = [np.repeat(array, times, axis=0) for array in (predicted, factors, predicted[:, 0], groups)]
        explained = measure_leakage(*repeated).residual
        widths.append(explained.high - explained.low)
    np.testing.assert_allclose(*widths)
    assert widths[0].min() > 0.02


def test_without_residual_nothing_leaks(draw, factors, groups):
    leaking = measure_leakage(np.zeros((groups.size, 0)), factors[:, :1], draw(1)[:, 0], groups)
    for explained in (leaking.residual, leaking.beyond_pitch):
        np.testing.assert_array_equal(np.concatenate(explained), 0)
