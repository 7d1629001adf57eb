"""Sweeps for tests: what most of them do not look at is nowhere."""

from typing import Any

import numpy as np

from evaluation.control.sweeps import Column, KnobSweeps, TurnedNote


def swept(
    notes: list[TurnedNote],
    columns: list[Column],
    n_knobs: int,
    positions: np.ndarray,
    asked: np.ndarray,
    own: np.ndarray,
    measured: np.ndarray,
    reachable: np.ndarray,
    **further: Any,
) -> KnobSweeps:
    """Fields of `KnobSweeps`; what a note can meet is in reach, the recording's readings are the unturned sound's."""
    unknown = np.full(measured.shape[:3], np.nan)
    known = {
        "in_reach": reachable,
        "recorded_readings": own[:, :n_knobs],
        "frame_errors_jnd": unknown,
        "cost": unknown[..., 0],
        **further,
    }
    return KnobSweeps(notes, columns, n_knobs, positions, asked, own, measured, reachable, **known)
