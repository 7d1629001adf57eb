"""Near, audible, off: shares of requests met, what is held, and the percentile over requests."""

import numpy as np
import pytest

from evaluation.control.precision import errors_jnd, measure_precision
from evaluation.control.sweeps import Column, TurnedNote
from tests.evaluation.control.swept import swept

COLUMNS = [
    Column("level", "dB", -60.0, -10.0, 2.0),
    Column("warmth", "1", 0.0, 1.0, None),
    Column("f0", "cents", 0.0, 1200.0, 10.0),
]
POSITIONS = np.linspace(0, 1, 5)
RECORDED = np.array([[-30.0, 0.4]])


def sweeps_of(level_off, warmth_off=0.0, held_off=0.0, reachable=True, **further):
    """One note: dB and shares that the turned knobs are off at each position, and JNDs that level is while held."""
    asked = np.stack([-60 + 50 * POSITIONS, POSITIONS])[None]
    measured = np.zeros((1, 2, 5, 3))
    measured[0, 0, :, 0], measured[0, 0, :, 1] = asked[0, 0] + level_off, RECORDED[0, 1]
    measured[0, 1, :, 1], measured[0, 1, :, 0] = asked[0, 1] + warmth_off, RECORDED[0, 0] + 2.0 * held_off
    notes = [TurnedNote("a", "flute", "low")]
    can = np.broadcast_to(reachable, (1, 2, 5))
    own = np.array([[0.0, 0.0, 0.0]])
    return swept(notes, COLUMNS, 2, POSITIONS, asked, own, measured, can, recorded_readings=RECORDED, **further)


def fields(sweeps):
    """Name -> (level, warmth) of the one note."""
    return {name: field[0] for name, field in measure_precision(sweeps)._asdict().items()}


def test_a_system_that_meets_everything():
    found = fields(sweeps_of(np.zeros(5)))
    for share in ("within_quarter", "within_one", "all_met"):
        assert found[share].tolist() == [1.0, 1.0]
    assert found["error_jnd_p95"][0] == found["held_error_jnd"][1] == 0.0
    assert np.isnan(found["error_jnd_p95"][1]) and np.isnan(found["held_error_jnd"][0])  # warmth has no JND


def test_a_quarter_and_one_are_counted_in_jnds_or_twentieths_of_the_range():
    found = fields(sweeps_of(np.array([0.4, 0.6, -1.9, 2.1, 0.0]), np.array([0.01, 0.02, -0.04, 0.06, 0.0])))
    assert found["within_quarter"].tolist() == pytest.approx([0.4, 0.4])
    assert found["within_one"].tolist() == pytest.approx([0.8, 0.8])


def test_all_are_met_only_where_what_is_held_is_where_the_recording_has_it():
    """A held level 0.3 JND off spoils every request of warmth and none of its own."""
    found = fields(sweeps_of(np.zeros(5), held_off=0.3))
    assert found["all_met"].tolist() == [1.0, 0.0] and found["within_quarter"].tolist() == [1.0, 1.0]
    assert found["held_error_jnd"][1] == pytest.approx(0.3)


def test_only_what_can_be_met_counts():
    reachable = np.array([True, True, True, False, False])
    found = fields(sweeps_of(np.array([0.0, 0.0, 4.0, 99.0, 99.0]), reachable=reachable))
    assert found["within_one"][0] == pytest.approx(2 / 3)
    assert found["error_jnd_p95"][0] == pytest.approx(np.percentile([0.0, 0.0, 2.0], 95))
    assert np.isnan(fields(sweeps_of(np.zeros(5), reachable=False))["within_one"]).all()


def test_what_is_not_sound_meets_nothing():
    """One of five is more than a tenth: then errors are undefined, and shares count it as missed."""
    found = fields(sweeps_of(np.array([np.nan, 0.0, 0.0, 0.0, 0.0])))
    assert found["within_one"][0] == found["all_met"][0] == pytest.approx(0.8)
    assert np.isnan(found["error_jnd_p95"][0])


def test_errors_of_requests_and_of_frames():
    frames = np.stack([np.array([1.0, 2.0, 3.0, 4.0, 99.0]), np.full(5, np.nan)])[None]
    reachable = np.array([True] * 4 + [False])
    sweeps = sweeps_of(
        np.array([2.0, -4.0, 0.0, 0.0, 7.0]),
        reachable=reachable,
        frame_errors_jnd=frames,
        cost=np.array([[0.04, 0.05]]),
    )
    np.testing.assert_allclose(errors_jnd(sweeps)[0, 0], [1.0, 2.0, 0.0, 0.0, np.nan])
    found = fields(sweeps)
    assert found["frame_error_jnd"][0] == 2.5 and np.isnan(found["frame_error_jnd"][1])
    assert found["cost"].tolist() == [0.04, 0.05]
