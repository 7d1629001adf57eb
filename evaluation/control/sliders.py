"""A knob from one end to the other: does the measured quality follow, how far, and how exactly."""

from typing import NamedTuple

import numpy as np

from evaluation.control.sweeps import KnobSweeps

MIN_POSITIONS = 3
"""A line through two points fits whatever happens."""
MOST_UNMEASURED = 0.1
"""Largest share of reachable requests that may go unmeasured; a knob with more has no value on that note."""


class Sliders(NamedTuple):
    """N notes times K knobs, each field (N, K), NaN where undefined.

    A request that the note cannot meet is counted as unreachable and left out of monotonicity, slope, r_squared, error
    and error_jnd; so is a sound whose quality could not be measured, counted as unmeasured. Where these are more than a
    tenth, all of them are NaN: to answer hard requests with what is not sound must not pay.

    Attributes:
        monotonicity: share of steps between neighbouring positions that go up, 0.5 for a step that changes nothing
        slope: of the least-squares line of measured position against asked position; 1 is perfect
        r_squared: of that line, the squared Pearson correlation; 0 for a knob that changes nothing
        error: mean |measured - asked| in the unit of the knob
        error_jnd: the same in just noticeable differences, NaN for a knob without one
        error_jnd_in_reach: that over the requests that lie in the knob's reach at the note's pitch
        error_all: error with the unreachable requests included
        reach_low: lowest measured value in the unit of the knob, whatever was asked
        reach_high: highest
        requests: positions asked
        unreachable: of them, those that no setting of the synth could meet; NaN where that is not known
        unmeasured: of the reachable ones, those where the sound has no such quality
    """

    monotonicity: np.ndarray
    slope: np.ndarray
    r_squared: np.ndarray
    error: np.ndarray
    error_jnd: np.ndarray
    error_jnd_in_reach: np.ndarray
    error_all: np.ndarray
    reach_low: np.ndarray
    reach_high: np.ndarray
    requests: np.ndarray
    unreachable: np.ndarray
    unmeasured: np.ndarray


def measure_sliders(sweeps: KnobSweeps) -> Sliders:
    """KnobSweeps of N notes, K knobs -> what each knob of each note does; lines need three usable positions."""
    knobs = sweeps.columns[: sweeps.n_knobs]
    of_knob = sweeps.of_knob()
    unmeasured = _unmeasured(sweeps)
    measured = np.ma.masked_invalid(np.where(_too_few(sweeps)[..., None], np.nan, of_knob))
    usable = np.ma.masked_where(~sweeps.reachable, measured)
    values = usable.filled(np.nan)
    position = np.stack([knob.position_of(values[:, index]) for index, knob in enumerate(knobs)], axis=1)
    slope, r_squared = fitted_lines(sweeps.positions, position)
    off = np.abs(usable - sweeps.asked_readings)
    error = off.mean(axis=-1).filled(np.nan)
    jnd = np.array([np.nan if knob.jnd is None else knob.jnd for knob in knobs])
    return Sliders(
        monotonicity=np.apply_along_axis(_rising_share, -1, values),
        slope=slope,
        r_squared=r_squared,
        error=error,
        error_jnd=error / jnd,
        error_jnd_in_reach=np.ma.masked_where(~sweeps.in_reach, off).mean(axis=-1).filled(np.nan) / jnd,
        error_all=np.abs(measured - sweeps.asked_readings).mean(axis=-1).filled(np.nan),
        reach_low=measured.min(axis=-1).filled(np.nan),
        reach_high=measured.max(axis=-1).filled(np.nan),
        requests=np.full(error.shape, len(sweeps.positions)),
        unreachable=np.where(sweeps.reach_unknown != "", np.nan, (~sweeps.reachable).sum(axis=-1)),
        unmeasured=unmeasured,
    )


def usable_requests(sweeps: KnobSweeps) -> np.ndarray:
    """(N, K, P) requests that the note can meet, and whose sound has the quality; none where too many have not."""
    return sweeps.reachable & np.isfinite(sweeps.of_knob()) & ~_too_few(sweeps)[..., None]


def _unmeasured(sweeps: KnobSweeps) -> np.ndarray:
    """(N, K) how many reachable requests were answered by a sound without the quality."""
    return np.asarray((sweeps.reachable & ~np.isfinite(sweeps.of_knob())).sum(axis=-1))


def _too_few(sweeps: KnobSweeps) -> np.ndarray:
    """(N, K) whether these are so many that the knob has no value on that note."""
    return np.asarray(_unmeasured(sweeps) > MOST_UNMEASURED * sweeps.reachable.sum(axis=-1))


def fitted_lines(positions: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (P,) and values (..., P), NaN ignored -> slope and R2 (...) of the least-squares lines.

    NaN with fewer than three values; constant values have slope 0 and R2 0.
    """
    y = np.ma.masked_invalid(values)
    x = np.ma.array(np.broadcast_to(positions, y.shape), mask=np.ma.getmaskarray(y))
    # Counted from the lowest, constant values are exact zeros, and their correlation is not one of rounding errors.
    y = y - y.min(axis=-1, keepdims=True)
    x, y = x - x.mean(axis=-1, keepdims=True), y - y.mean(axis=-1, keepdims=True)
    x_power, y_power, product = ((a * b).sum(axis=-1).filled(0.0) for a, b in ((x, x), (y, y), (x, y)))
    enough = y.count(axis=-1) >= MIN_POSITIONS
    slope = np.divide(product, x_power, out=np.full(enough.shape, np.nan), where=enough)
    r_squared = np.divide(
        product**2, x_power * y_power, out=np.where(enough, 0.0, np.nan), where=enough & (y_power > 0)
    )
    return slope, r_squared


def _rising_share(values: np.ndarray) -> float:
    """Values (P,) at ascending positions, NaN skipped -> share of steps up, NaN with fewer than three values."""
    values = values[np.isfinite(values)]
    if len(values) < MIN_POSITIONS:
        return np.nan
    return float((1 + np.sign(np.diff(values))).mean() / 2)
