"""Positions are shares of the training range, and a knob's own descriptor is found among all columns."""

import numpy as np
import pytest

from evaluation.control.sweeps import Column, TurnedNote
from tests.evaluation.control.swept import swept


def test_positions_are_shares_of_the_range():
    column = Column("level", "dB", -60.0, -10.0, 1.0)
    assert column.position_of(np.array([-60.0, -35.0, -10.0, 40.0])) == pytest.approx([0, 0.5, 1, 2])
    assert np.isnan(column.position_of(np.array([np.nan]))).all()


def test_positions_on_a_log_curve_are_shares_of_the_ratio():
    column = Column("attack", "s", 0.01, 1.0, None, "log")
    assert column.position_of(np.array([0.01, 0.1, 1.0])) == pytest.approx([0, 0.5, 1])


def test_what_has_no_logarithm_lies_far_below_the_range_and_is_finite():
    column = Column("attack", "s", 0.01, 1.0, None, "log")
    nothing, negative, missing = column.position_of(np.array([0.0, -1.0, np.nan]))
    assert nothing == negative == pytest.approx(-1.5)
    assert np.isnan(missing)


def test_a_knob_meets_its_own_column():
    n_notes, n_knobs, n_positions, n_columns = 3, 2, 4, 5
    measured = np.arange(n_notes * n_knobs * n_positions * n_columns, dtype=float).reshape(3, 2, 4, 5)
    grid = np.zeros((n_notes, n_knobs, n_positions))
    columns = [Column(f"column_{index}", "dB", 0.0, 1.0, None) for index in range(n_columns)]
    notes = [TurnedNote("note", "flute", "low")] * n_notes
    sweeps = swept(notes, columns, n_knobs, np.linspace(0, 1, 4), grid, np.zeros((3, 5)), measured, grid == 0)
    assert sweeps.knobs == ["column_0", "column_1"]
    assert (sweeps.of_knob()[:, 0] == measured[:, 0, :, 0]).all()
    assert (sweeps.of_knob()[:, 1] == measured[:, 1, :, 1]).all()
