"""A knob that works orders all pairs, one that does nothing scores chance, and positions are looked up."""

import numpy as np
import pytest

from evaluation.control.ordering import ordering_tests
from evaluation.control.sweeps import Column, KnobSweeps, TurnedNote
from tests.evaluation.control.swept import swept

POSITIONS = np.linspace(0, 1, 11)


def sweeps_of(values: np.ndarray, positions: np.ndarray = POSITIONS) -> KnobSweeps:
    """What one knob of one note measures at each position -> sweeps in which no request can be met."""
    measured = np.asarray(values, dtype=float)[None, None, :, None]
    columns = [Column("level", "dB", 0.0, 1.0, 1.0)]
    grid = np.broadcast_to(positions, (1, 1, len(positions)))
    return swept([TurnedNote("a", "flute", "low")], columns, 1, positions, grid, np.zeros((1, 1)), measured, grid < 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (POSITIONS, [1, 1, 1]),
        (-POSITIONS, [0, 0, 0]),
        (np.full(11, 0.1), [0.5, 0.5, 0.5]),
        (-np.abs(np.arange(11) - 5), [0.5, 0, 1]),
        (np.maximum(POSITIONS, 0.5), [1, 1, 0.5]),
        (np.where(POSITIONS == 0.5, 2.0, POSITIONS), [1, 0, 1]),
    ],
    ids=["perfect", "inverted", "deaf", "peak in the middle", "deaf below the middle", "middle on top"],
)
def test_every_pair_is_judged_whatever_can_be_reached(values, expected):
    assert ordering_tests(sweeps_of(values))[0, 0].tolist() == expected


def test_only_the_three_positions_count():
    values = np.where(np.isin(np.arange(11), [2, 5, 8]), POSITIONS, -POSITIONS)
    assert ordering_tests(sweeps_of(values)).tolist() == [[[1, 1, 1]]]


def test_a_pair_with_a_sound_that_cannot_be_measured_is_undefined():
    values = np.where(np.arange(11) == 8, np.nan, POSITIONS)
    e1, e2, e3 = ordering_tests(sweeps_of(values))[0, 0]
    assert np.isnan([e1, e2]).all() and e3 == 1


def test_positions_are_found_within_rounding_and_missed_with_a_clear_word():
    positions = np.array([0.2 + 1e-8, 0.5, 0.8])
    assert (ordering_tests(sweeps_of(positions, positions)) == 1).all()
    with pytest.raises(ValueError, match=r"positions lacks 0\.8.*sweep 0\.2, 0\.5 and 0\.8"):
        ordering_tests(sweeps_of(np.arange(3), np.array([0.2, 0.5, 0.79])))


def test_notes_and_knobs_keep_their_places():
    rising, falling = POSITIONS[:, None], -POSITIONS[:, None]
    measured = np.stack([np.stack([np.hstack([rising, falling])] * 2), np.stack([np.hstack([falling, rising])] * 2)])
    columns = [Column(name, "dB", 0.0, 1.0, 1.0) for name in ("level", "noisiness")]
    grid = np.broadcast_to(POSITIONS, (2, 2, 11))
    notes = [TurnedNote(name, "flute", "low") for name in "ab"]
    sweeps = swept(notes, columns, 2, POSITIONS, grid, np.zeros((2, 2)), measured, grid >= 0)
    assert ordering_tests(sweeps)[..., 0].tolist() == [[1, 0], [0, 1]]
