"""A linear system returns its matrix; drift is counted in least differences, off the diagonal only."""

import numpy as np
import pytest

from evaluation.control.crosstalk import drift_table, measure_drift
from evaluation.control.sweeps import Column, KnobSweeps, TurnedNote
from tests.evaluation.control.swept import swept

POSITIONS = np.linspace(0, 1, 11)
COLUMNS = [
    Column("level", "dB", -60.0, -10.0, 2.0),
    Column("sharpness", "acum", 0.5, 4.0, 0.08, "log"),
    Column("roughness", "asper", 0.0, 1.0, None),
    Column("f0", "cents", -100.0, 100.0, 5.0),
]
MATRIX = np.array([[0.9, 0.2, -0.3, 0.05], [-0.1, 0.6, 0.4, 0.0]])


def linear_system(matrix: np.ndarray = MATRIX, n_notes: int = 5) -> KnobSweeps:
    """(K, J) change of each column's position per position of the knob -> sweeps of notes set at random."""
    rng = np.random.default_rng(0)
    start = np.hstack([rng.uniform(0.3, 0.7, (n_notes, 3)), np.full((n_notes, 1), 0.5)])
    turn = POSITIONS - start[:, : len(matrix), None]
    position = start[:, None, None] + turn[..., None] * matrix[:, None]
    asked = np.broadcast_to(POSITIONS, turn.shape)
    notes = [TurnedNote(f"note_{index}", "flute", "low") for index in range(n_notes)]
    return swept(notes, COLUMNS, len(matrix), POSITIONS, asked, values(start), values(position), asked >= 0)


def values(position: np.ndarray) -> np.ndarray:
    """Positions (..., J) -> values in the units of the columns."""
    columns = [
        c.low * (c.high / c.low) ** position[..., index]
        if c.curve == "log"
        else c.low + (c.high - c.low) * position[..., index]
        for index, c in enumerate(COLUMNS)
    ]
    return np.stack(columns, axis=-1)


def same(first: KnobSweeps, second: KnobSweeps) -> bool:
    """Whether two sweeps say the same in every number."""
    tables = [(drift_table(sweeps)[2:], measure_drift(sweeps)) for sweeps in (first, second)]
    return all(
        np.allclose(a, b, equal_nan=True)
        for one, other in zip(*tables, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_a_linear_system_returns_its_matrix():
    np.testing.assert_allclose(drift_table(linear_system()).change, MATRIX, atol=1e-12)


def test_a_perfect_controller_moves_its_own_column_and_nothing_else():
    sweeps = linear_system(np.eye(2, 4))
    table, drift = drift_table(sweeps), measure_drift(sweeps)
    np.testing.assert_allclose(table.change, np.eye(2, 4), atol=1e-12)
    assert np.nanmax(table.drift_jnd) < 1e-9
    assert drift.off_target_drift_jnd.max() < 1e-9
    assert drift.f0_drift_cents.max() < 1e-9


def test_a_deaf_controller_changes_nothing():
    np.testing.assert_array_equal(drift_table(linear_system(np.zeros((2, 4)))).change, 0)


def test_drift_is_in_least_differences_and_undefined_where_there_are_none():
    sweeps = linear_system()
    table = drift_table(sweeps)
    assert np.isnan(table.drift_jnd).tolist() == [[True, False, True, False], [False, True, True, False]]
    level_jnd = np.abs(sweeps.measured_readings[:, 1, :, 0] - sweeps.own_readings[:, None, 0]) / 2
    assert table.drift_jnd[1, 0] == pytest.approx(np.median(level_jnd))
    sharpness_jnd = np.abs(sweeps.measured_readings[:, 0, :, 1] - sweeps.own_readings[:, None, 1]) / 0.08
    pitch_jnd = np.abs(sweeps.measured_readings[:, 0, :, 3]) / 5
    expected = np.median(np.hstack([sharpness_jnd, pitch_jnd]), axis=1)
    np.testing.assert_allclose(measure_drift(sweeps).off_target_drift_jnd[:, 0], expected)


def test_pitch_drifts_in_cents_from_where_it_was():
    sweeps = linear_system()
    sweeps.own_readings[:, 3] += 7
    sweeps.measured_readings[..., 3] = 7 - 12 * (POSITIONS > 0.25)
    np.testing.assert_allclose(measure_drift(sweeps).f0_drift_cents, 12)


def test_no_column_of_pitch_means_no_drift_of_pitch():
    sweeps = linear_system()._replace(columns=[*COLUMNS[:3], COLUMNS[3]._replace(name="loudness")])
    drift = measure_drift(sweeps)
    assert np.isnan(drift.f0_drift_cents).all() and drift.f0_drift_cents.shape == (5, 2)


def test_requests_that_cannot_be_met_do_not_count():
    sweeps = linear_system()
    beyond = POSITIONS > 0.65
    spoilt = sweeps.measured_readings.copy()
    spoilt[:, :, beyond] = 1e3
    reachable = np.broadcast_to(~beyond, sweeps.reachable.shape)
    spoilt_sweeps = sweeps._replace(measured_readings=spoilt, reachable=reachable)
    np.testing.assert_allclose(drift_table(spoilt_sweeps).change, MATRIX, atol=1e-12)
    assert same(spoilt_sweeps, sweeps._replace(reachable=reachable))


def test_what_cannot_be_measured_does_not_count():
    sweeps = linear_system()
    sweeps.measured_readings[:, :, 4, 3] = np.nan
    sweeps.measured_readings[2, 1, :, :] = np.nan
    np.testing.assert_allclose(drift_table(sweeps).change, MATRIX, atol=1e-12)
    undefined = np.isnan(measure_drift(sweeps).off_target_drift_jnd)
    assert undefined[2, 1] and undefined.sum() == 1


def test_one_odd_note_does_not_sway_the_median():
    sweeps = linear_system()
    sweeps.measured_readings[0] = 1e3 * np.random.default_rng(1).uniform(size=sweeps.measured_readings[0].shape)
    np.testing.assert_allclose(drift_table(sweeps).change, MATRIX, atol=1e-12)
