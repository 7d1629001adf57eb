"""What else moves when a knob is turned: the other descriptors, and pitch."""

from typing import NamedTuple

import numpy as np

from evaluation.control.sliders import fitted_lines
from evaluation.control.sweeps import KnobSweeps
from studies.run_reports import DriftTable

PITCH = "f0"
"""Name of the column of pitch, in cents from the pitch asked."""


class Drift(NamedTuple):
    """What N notes and K knobs show: how far the qualities that were not turned move from where they are unturned.

    Over the requests that a note can meet; NaN where undefined.

    Attributes:
        off_target_drift_jnd: (N, K) in just noticeable differences, median over positions and all columns that are not
            the knob's own
        f0_drift_cents: (N, K) of pitch, median over positions; NaN if no column is named "f0"
    """

    off_target_drift_jnd: np.ndarray
    f0_drift_cents: np.ndarray


def measure_drift(sweeps: KnobSweeps) -> Drift:
    """KnobSweeps -> how far the rest moves with each knob of each note."""
    drift, drift_jnd = _drifts(sweeps)
    return Drift(_median(drift_jnd, axis=(2, 3)), _median(drift[..., _is_pitch(sweeps)], axis=(2, 3)))


def drift_table(sweeps: KnobSweeps) -> DriftTable:
    """KnobSweeps -> what each knob does to every column, medians over notes; what could not be measured is left out.

    The change is the slope of the column's measured position against the knob's asked one: 1 where the knob meets its
    own column and 0 elsewhere is perfect, and a linear system returns its matrix. Drift is the median over positions
    too; it is NaN on the diagonal and for columns without a JND.
    """
    _, drift_jnd = _drifts(sweeps)
    change = _median(_slopes(sweeps, _reachable_readings(sweeps)), axis=0)
    columns = [column.name for column in sweeps.columns]
    return DriftTable(sweeps.knobs, columns, _median(drift_jnd, axis=(0, 2)), change)


def _drifts(sweeps: KnobSweeps) -> tuple[np.ndarray, np.ndarray]:
    """(N, K, P, J) distance from the unturned sound in units, and in JNDs without the knob's own column."""
    drift = np.abs(_reachable_readings(sweeps) - sweeps.own_readings[:, None, None, :])
    drift_jnd = drift / [np.nan if column.jnd is None else column.jnd for column in sweeps.columns]
    own = np.arange(sweeps.n_knobs)
    drift_jnd[:, own, :, own] = np.nan
    return drift, drift_jnd


def _reachable_readings(sweeps: KnobSweeps) -> np.ndarray:
    return np.where(sweeps.reachable[..., None], sweeps.measured_readings, np.nan)


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
