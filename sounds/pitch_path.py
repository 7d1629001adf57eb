"""The likeliest of the periods that each frame may have, all frames seen together."""

import numba
import numpy as np

from sounds.repeats import DOUBT, Dips

SHALLOW = 3.0
"""How much worse a dip gets per unit of depth, beside the octaves by which it is shallower than the best."""

JUMP = 3.0
"""A jump in pitch must pay for itself: three frames of 10 ms in which it is one octave better, twice as many there and
back. What is shorter is a slip."""

JUMP_OCTAVES = 0.2
"""Smaller steps from frame to frame cost less: glides and vibrato."""

FRAME_S = 0.01
"""The costs are those of frames so far apart."""

PERIODS = 2
"""A pitch must last so many periods."""

GAP = 2
"""Where more frames than this have no say, another note may begin."""

CLEAR = 0.5
"""Where a dip is this deep, others are none; frames without one have no say."""


def best_path(dips: Dips, frame_s: float) -> np.ndarray:
    """(F, D) dips, one frame every `frame_s` -> (F,) which dip of each frame is its period.

    A period twice as long costs an octave more and must be twice as deep: every sound repeats after two periods
    as well as after one.
    """
    with np.errstate(divide="ignore"):
        octaves = np.log2(dips.period_s.astype(np.float64))
    there = dips.period_s > 0
    clear = there & (dips.depth < CLEAR)
    there &= clear | ~clear.any(axis=1, keepdims=True)
    cost = np.where(there, np.log2(dips.depth + DOUBT) + SHALLOW * dips.depth + octaves, np.inf)
    path = cost.argmin(axis=1)
    rows = np.flatnonzero(clear.any(axis=1))
    if len(rows):
        path[rows] = _cheapest(cost[rows] * frame_s / FRAME_S, np.where(there, octaves, 0.0)[rows], rows)
    return path


def lasts(period_s: np.ndarray, sure: np.ndarray, frame_s: float) -> np.ndarray:
    """(F,) periods and whether they are sure -> (F,) whether they are for two periods on end.

    At the edges of a note a window of a low pitch holds hardly a period, and anything looks like its repetition.
    """
    octaves = np.log2(np.where(sure, period_s, 1))
    begins = (np.abs(np.diff(octaves)) > JUMP_OCTAVES) | (sure[1:] != sure[:-1])
    run = np.concatenate([[0], np.cumsum(begins)])
    return sure & (np.bincount(run)[run] * frame_s >= PERIODS * period_s)


@numba.njit("int64[::1](float64[:, ::1], float64[:, ::1], int64[::1])", cache=True)
def _cheapest(cost, octaves, rows):  # type: ignore[no-untyped-def]
    """(R, D) cost and pitch, (R,) numbers of the frames -> (R,) columns of the cheapest way through (Viterbi 1967)."""
    n_rows, n_dips = cost.shape
    origin = np.zeros((n_rows, n_dips), np.int8)
    total = cost[0].copy()
    for row in range(1, n_rows):
        jump = JUMP if rows[row] - rows[row - 1] <= GAP else 0.0
        reached = np.full(n_dips, np.inf)
        for end in range(n_dips):
            if cost[row, end] < np.inf:
                for start in range(n_dips):
                    step = abs(octaves[row, end] - octaves[row - 1, start]) / JUMP_OCTAVES
                    here = total[start] + jump * min(step, 1.0) + cost[row, end]
                    if here < reached[end]:
                        reached[end], origin[row, end] = here, start
        total = reached
    path = np.empty(n_rows, np.int64)
    path[-1] = np.argmin(total)
    for row in range(n_rows - 1, 0, -1):
        path[row - 1] = origin[row, path[row]]
    return path
