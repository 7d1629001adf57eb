"""How near to what was asked: shares of requests met, what is held, single frames, and what it costs."""

from typing import NamedTuple

import numpy as np

from evaluation.control.sliders import usable_requests
from evaluation.control.sweeps import KnobSweeps

CLOSE, AUDIBLE = 0.25, 1.0
"""Tolerances within which a request counts as met: what nobody hears, and what is just heard."""


class Precision(NamedTuple):
    """N notes times K knobs, each field (N, K), NaN where undefined; over the requests that a note can meet.

    A tolerance is a just noticeable difference, or 5 % of the range of a knob that has none. A sound that has no such
    quality meets nothing.

    Attributes:
        within_quarter: share of requests of which the turned knob is within a quarter of its tolerance
        within_one: within one tolerance
        all_met: share of requests of which all knobs are within a quarter, those not turned at the recording's place
        error_jnd_p95: 95th percentile over requests of the turned knob's error in JNDs
        held_error_jnd: median distance of the knobs that were not turned from where the recording has them, in JNDs
        frame_error_jnd: mean distance of measured from asked, frame by frame, in JNDs
        cost: CPU seconds per second of sound
    """

    within_quarter: np.ndarray
    within_one: np.ndarray
    all_met: np.ndarray
    error_jnd_p95: np.ndarray
    held_error_jnd: np.ndarray
    frame_error_jnd: np.ndarray
    cost: np.ndarray


def measure_precision(sweeps: KnobSweeps) -> Precision:
    """KnobSweeps of N notes, K knobs -> how near every knob of each note comes."""
    knobs, own = sweeps.columns[: sweeps.n_knobs], np.arange(sweeps.n_knobs)
    asked = np.repeat(sweeps.recorded_readings[:, None, None], len(sweeps.positions), axis=2)
    asked = np.repeat(asked, sweeps.n_knobs, axis=1)
    asked[:, own, :, own] = sweeps.asked_readings.transpose(1, 0, 2)
    measured = sweeps.measured_readings[..., : sweeps.n_knobs]
    each = [column.tolerances_off(measured[..., index], asked[..., index]) for index, column in enumerate(knobs)]
    off = np.abs(np.stack(each, axis=-1))
    turned = off[:, own, :, own].transpose(1, 0, 2)
    held = np.where([column.jnd is None for column in knobs], np.nan, off)
    held[:, own, :, own] = np.nan
    held = np.where(usable_requests(sweeps)[..., None], held, np.nan)
    return Precision(
        within_quarter=_share(turned <= CLOSE, sweeps.reachable),
        within_one=_share(turned <= AUDIBLE, sweeps.reachable),
        all_met=_share((off <= CLOSE).all(axis=-1), sweeps.reachable),
        error_jnd_p95=_percentile_95(errors_jnd(sweeps)),
        held_error_jnd=np.ma.median(np.ma.masked_invalid(held), axis=(2, 3)).filled(np.nan),
        frame_error_jnd=_mean(sweeps.frame_errors_jnd, usable_requests(sweeps)),
        cost=sweeps.cost,
    )


def errors_jnd(sweeps: KnobSweeps) -> np.ndarray:
    """KnobSweeps -> (N, K, P) error of the turned knob in JNDs, NaN for requests that do not count."""
    jnd = np.array([column.jnd or np.nan for column in sweeps.columns[: sweeps.n_knobs]])
    error = np.abs(sweeps.of_knob() - sweeps.asked_readings) / jnd[:, None]
    return np.where(usable_requests(sweeps), error, np.nan)


def _share(met: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """(N, K, P) what is met and what counts -> (N, K) share, NaN where nothing counts."""
    return _mean(met.astype(float), counted)


def _mean(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """(N, K, P) values and which count -> (N, K) their mean, NaN where none does."""
    return np.asarray(np.ma.masked_invalid(np.where(counted, values, np.nan)).mean(axis=-1).filled(np.nan))


def _percentile_95(values: np.ndarray) -> np.ndarray:
    """(N, K, P) -> (N, K) over what is not NaN, NaN where nothing is left."""
    some = np.isfinite(values).any(axis=-1)
    found = np.full(some.shape, np.nan)
    found[some] = np.nanpercentile(values[some], 95, axis=-1)
    return found
