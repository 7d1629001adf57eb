"""What else moves when a knob is turned: the other descriptors, and pitch."""

from typing import NamedTuple

import numpy as np

from evaluation.control.sliders import fitted_lines
from evaluation.control.sweeps import KnobSweeps

PITCH = "f0"
"""Name of the column of pitch, in cents from the pitch asked."""


class Crosstalk(NamedTuple):
    """What N notes, K knobs and J columns show, over the requests that a note can meet; NaN where undefined.

    Drift is how far a quality that was not turned moves from where it is with no knob turned.

    Attributes:
        change: (K, J) slope of the column's measured position against the knob's asked one, median over notes; 1 where
            the knob meets its own column and 0 elsewhere is perfect, and a linear system returns its matrix
        drift_jnd: (K, J) drift in just noticeable differences, median over notes and positions; NaN on the diagonal
            and for columns without a JND
        off_target_drift_jnd: (N, K) drift, median over positions and all columns that are not the knob's own
        f0_drift_cents: (N, K) drift of pitch, median over positions; NaN if no column is named "f0"
    """

    change: np.ndarray
    drift_jnd: np.ndarray
    off_target_drift_jnd: np.ndarray
    f0_drift_cents: np.ndarray


def measure_crosstalk(sweeps: KnobSweeps) -> Crosstalk:
    """KnobSweeps -> what each knob does to every column; what could not be measured is left out."""
    measured = np.where(sweeps.reachable[..., None], sweeps.measured_readings, np.nan)
    drift = np.abs(measured - sweeps.own_readings[:, None, None, :])
    drift_jnd = drift / [np.nan if column.jnd is None else column.jnd for column in sweeps.columns]
    own = np.arange(sweeps.n_knobs)
    drift_jnd[:, own, :, own] = np.nan
    return Crosstalk(
        change=_median(_slopes(sweeps, measured), axis=0),
        drift_jnd=_median(drift_jnd, axis=(0, 2)),
        off_target_drift_jnd=_median(drift_jnd, axis=(2, 3)),
        f0_drift_cents=_median(drift[..., _is_pitch(sweeps)], axis=(2, 3)),
    )


def _slopes(sweeps: KnobSweeps, measured: np.ndarray) -> np.ndarray:
    """Measured (N, K, P, J) -> (N, K, J) slope of each column's position against the asked position."""
    position = [column.position_of(measured[..., index]) for index, column in enumerate(sweeps.columns)]
    slopes, _ = fitted_lines(sweeps.positions, np.stack(position, axis=2))
    return slopes


def _is_pitch(sweeps: KnobSweeps) -> np.ndarray:
    """(J,) whether a column is that of pitch."""
    return np.array([column.name == PITCH for column in sweeps.columns])


def _median(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Median of what is not NaN; NaN, without a warning, where nothing is left."""
    return np.ma.median(np.ma.masked_invalid(values), axis=axis).filled(np.nan)
