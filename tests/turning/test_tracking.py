"""A tracker's slips are no notes."""

import numpy as np
import pytest

from sounds.pitch import NoPitch
from turning.tracking import bridged_over, without_slips

FRAME_S = 0.01


def test_a_leap_too_short_for_a_note_is_a_slip_and_a_long_one_is_a_note():
    sounding = np.ones(40, bool)
    slip = np.where((np.arange(40) >= 10) & (np.arange(40) < 14), 130.0, 1060.0)
    assert np.flatnonzero(np.isnan(without_slips(slip, sounding, FRAME_S))).tolist() == [10, 11, 12, 13]
    assert bridged_over(slip, sounding, FRAME_S) == pytest.approx(np.full(40, 1060.0))
    notes = np.where(np.arange(40) < 20, 130.0, 1060.0)
    assert np.array_equal(without_slips(notes, sounding, FRAME_S), notes)


def test_what_dies_away_may_not_leap():
    """The last frames that count slip, and all behind that do not: none of them is believed."""
    f0_hz = np.where(np.arange(40) < 20, 1060.0, 130.0)
    sounding = np.arange(40) < 24
    assert bridged_over(f0_hz, sounding, FRAME_S) == pytest.approx(np.full(40, 1060.0))


def test_nothing_but_slips_is_no_pitch():
    f0_hz = np.where(np.arange(40) % 4 < 2, 130.0, 1060.0)
    with pytest.raises(NoPitch):
        bridged_over(f0_hz, np.ones(40, bool), FRAME_S)
