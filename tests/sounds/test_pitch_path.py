"""Slips are mended by how long they last, notes are not, and twice a period must be twice as good."""

import numpy as np
import pytest

from sounds.pitch_path import best_path, lasts
from sounds.repeats import DOUBT, Dips

FRAME_S = 0.01
LONG, SHORT = 0.004, 0.002


def chosen(depth_of_long, depth_of_short, frame_s=FRAME_S) -> np.ndarray:
    """The period of every frame that has a dip at 4 ms and one at 2 ms, of these depths."""
    depth = np.stack(np.broadcast_arrays(depth_of_long, depth_of_short), axis=1).astype(np.float32)
    period_s = np.broadcast_to(np.float32([LONG, SHORT]), depth.shape)
    path = best_path(Dips(period_s, depth), frame_s)
    return period_s[np.arange(len(path)), path]


def slip(n_frames: int, n_wrong: int, frame_s=FRAME_S) -> np.ndarray:
    """4 ms sounds throughout, but for so many frames the half of it looks as good: the octave above is better there."""
    short = np.full(n_frames, 0.3)
    short[20 : 20 + n_wrong] = 0.0
    return chosen(np.zeros(n_frames), short, frame_s)


@pytest.mark.parametrize("frame_s, n_per_10_ms", [(0.01, 1), (0.005, 2), (0.0025, 4)])
def test_an_octave_of_40_ms_is_a_slip_and_one_of_70_ms_a_note(frame_s, n_per_10_ms):
    assert (slip(60, 4 * n_per_10_ms, frame_s) == np.float32(LONG)).all()
    heard = slip(60, 7 * n_per_10_ms, frame_s)
    assert (heard[20 : 20 + 7 * n_per_10_ms] == np.float32(SHORT)).all() and heard[10] == np.float32(LONG)


def test_a_slip_that_is_clearly_heard_is_a_note_sooner():
    long = np.zeros(60)
    long[20:23] = 0.4
    short = np.where(long > 0, 0.0, 0.3)
    assert (chosen(long, short)[20:23] == np.float32(SHORT)).all()


def test_twice_the_period_must_be_twice_as_good():
    assert (chosen(np.full(30, 0.02), np.full(30, 0.02)) == np.float32(SHORT)).all()
    half_as_deep = 2 * (0.02 + DOUBT) - DOUBT
    assert (chosen(np.full(30, 0.02), np.full(30, 0.9 * half_as_deep)) == np.float32(SHORT)).all()
    assert (chosen(np.full(30, 0.02), np.full(30, 1.1 * half_as_deep)) == np.float32(LONG)).all()


def test_a_gap_costs_no_jump():
    """After silence a note may begin anywhere."""
    long, short = np.zeros(40), np.full(40, 0.3)
    long[18:22] = short[18:22] = 0.9
    short[22:25], long[22:25] = 0.0, 0.02
    long[25:] = short[25:] = 0.9
    assert (chosen(long, short)[22:25] == np.float32(SHORT)).all()


def test_a_shallow_dip_is_none_where_there_is_a_clear_one():
    """However short it is: in noise the shortest time is otherwise always the cheapest."""
    period_s = np.tile(np.float32([0.03, 0.0002]), (20, 1))
    depth = np.tile(np.float32([0.2, 0.55]), (20, 1))
    assert not best_path(Dips(period_s, depth), FRAME_S).any()


def test_frames_without_dips_are_passed_over():
    nothing = Dips(np.zeros((5, 3), np.float32), np.ones((5, 3), np.float32))
    assert best_path(nothing, FRAME_S).shape == (5,)
    assert best_path(Dips(nothing.period_s[:0], nothing.depth[:0]), FRAME_S).shape == (0,)


def test_a_pitch_lasts_two_periods_at_least():
    period_s = np.array([0.036] * 3 + [0.002] * 5 + [0.036] * 8 + [0.002])
    sure = np.ones(17, bool)
    assert lasts(period_s, sure, FRAME_S).tolist() == [False] * 3 + [True] * 14
    sure[10] = False
    assert lasts(period_s, sure, FRAME_S).tolist() == [False] * 3 + [True] * 5 + [False] * 8 + [True]
