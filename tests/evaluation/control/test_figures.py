"""Figures sum up what notes say, intervals cover the truth, counts are counts, and the table fits a terminal."""

import csv
import io
import math

import numpy as np
import pytest

from evaluation.control.figures import (
    control_figures,
    control_rows,
    rows_csv,
)
from evaluation.control.measures import MEASURES
from evaluation.control.sweeps import Column, KnobSweeps, TurnedNote
from studies.figure import Figure
from tests.evaluation.control.swept import swept

POSITIONS = np.linspace(0, 1, 11)
COLUMNS = [
    Column("level", "dB", -60.0, -10.0, 1.0),
    Column("fundamental_share", "share", 0.0, 1.0, None),
    Column("f0", "cents", -100.0, 100.0, 5.0),
]
FAMILIES, REGISTERS = ("flute", "flute", "reed", "reed"), ("low", "high", "low", "high")


def controller(gain: np.ndarray) -> KnobSweeps:
    """Slope of each knob of each note (N, K) -> sweeps; the last request of all cannot be met, pitch is 3 cents off."""
    n_notes, n_knobs = gain.shape
    low, width = (np.array(ends) for ends in zip(*((c.low, c.high - c.low) for c in COLUMNS), strict=True))
    own = np.broadcast_to(low + width / 2, (n_notes, 3))
    measured = np.broadcast_to(own[:, None, None], (n_notes, n_knobs, 11, 3)).copy()
    for k in range(n_knobs):
        measured[:, k, :, k] += width[k] * gain[:, k, None] * (POSITIONS - 0.5)
    measured[..., 2] += 3
    asked = np.broadcast_to(low[:n_knobs, None] + width[:n_knobs, None] * POSITIONS, measured.shape[:3])
    notes = [TurnedNote(f"note_{n}", FAMILIES[n % 4], REGISTERS[n % 4]) for n in range(n_notes)]
    reachable = np.ones(measured.shape[:3], dtype=bool)
    reachable[-1, -1, -1] = False
    return swept(notes, COLUMNS, n_knobs, POSITIONS, asked, own, measured, reachable)


def figures_of(gain: np.ndarray) -> dict[tuple[str | None, ...], Figure]:
    """Figures by name, knob, family and register."""
    figures = control_figures(control_rows(controller(gain)), COLUMNS)
    by_key: dict[tuple[str | None, ...], Figure] = {figure[:4]: figure for figure in figures}
    assert len(by_key) == len(figures)
    return by_key


@pytest.fixture
def perfect():
    return figures_of(np.ones((4, 2)))


def test_every_measure_says_what_it_is():
    (row, *_) = control_rows(controller(np.ones((1, 2))))
    assert [measure.name for measure in MEASURES if measure.name in row.values] == [
        measure.name for measure in MEASURES
    ]
    assert set(row.values) == {measure.name for measure in MEASURES}
    assert all(measure.definition.endswith(".") for measure in MEASURES)


def test_rows_carry_the_note_and_the_knob():
    rows = control_rows(controller(np.array([[1.0, 0.0], [-1.0, 0.5]])))
    assert [row[:4] for row in rows] == [
        ("note_0", "flute", "low", "level"),
        ("note_0", "flute", "low", "fundamental_share"),
        ("note_1", "flute", "high", "level"),
        ("note_1", "flute", "high", "fundamental_share"),
    ]
    assert [row.values["slope"] for row in rows] == pytest.approx([1, 0, -1, 0.5])
    assert [row.values["ordering"] for row in rows] == [1, 0.5, 0, 1]
    assert [row.values["unreachable"] for row in rows] == [0, 0, 0, 1]


def test_each_ordering_test_keeps_its_name():
    sweeps = controller(np.ones((1, 1)))
    sweeps.measured_readings[0, 0, :, 0] = [0, 0, 1, 0, 0, 3, 0, 0, 3, 0, 0]
    (row,) = control_rows(sweeps)
    assert [row.values[f"ordering_e{test}"] for test in (1, 2, 3)] == [1, 0.5, 1]
    assert row.values["ordering"] == pytest.approx(2.5 / 3)
    sweeps.measured_readings[0, 0, 5, 0] = 0
    (row,) = control_rows(sweeps)
    assert [row.values[f"ordering_e{test}"] for test in (1, 2, 3)] == [1, 1, 0]


@pytest.mark.parametrize("name", ["ordering_e1", "ordering_e2", "ordering_e3", "ordering", "monotonicity"])
def test_a_perfect_controller_scores_one_and_a_deaf_one_chance(perfect, name):
    deaf = figures_of(np.zeros((4, 2)))
    for knob in ("level", "fundamental_share", None):
        assert perfect[name, knob, None, None][7:12] == (1, 1, 1, 4, 4)
        assert deaf[name, knob, None, None][7:12] == (0.5, 0.5, 0.5, 4, 4)


def test_values_in_the_unit_of_the_knob_are_never_averaged_over_knobs(perfect):
    assert {perfect["error", knob, None, None].unit for knob in ("level", "fundamental_share")} == {"dB", "share"}
    for name in ("error", "error_all", "reach_low", "reach_high"):
        assert (name, None, None, None) not in perfect
    assert perfect["error_jnd", None, None, None].n == 4
    assert perfect["error_jnd", "fundamental_share", None, None].n == 0
    assert math.isnan(perfect["error_jnd", "fundamental_share", None, None].value)


def test_families_and_registers_have_their_own_figures():
    figures = figures_of(np.array([[1.0, 1.0], [0.5, 1.0], [0.0, 1.0], [0.5, 1.0]]))
    assert figures["slope", "level", "flute", None].value == pytest.approx(0.75)
    assert figures["slope", "level", "reed", None].value == pytest.approx(0.25)
    assert figures["slope", "level", None, "high"].value == pytest.approx(0.5)
    assert figures["slope", "level", None, None].value == pytest.approx(0.5)
    assert figures["slope", None, "flute", None].value == pytest.approx(0.875)
    assert figures["slope", None, "flute", None].n == 2


def test_counts_are_summed_and_have_no_interval(perfect):
    assert perfect["requests", None, None, None].value == 4 * 2 * 11
    assert perfect["unreachable", None, None, None].value == 1
    assert perfect["unreachable", "fundamental_share", "reed", None].value == 1
    assert perfect["unreachable", "level", None, None].value == 0
    assert math.isnan(perfect["requests", None, None, None].low)


def test_drift_is_a_median(perfect):
    assert perfect["f0_drift_cents", None, None, None].value == pytest.approx(3)
    rows = control_rows(controller(np.ones((4, 1))))
    for row, drift in zip(rows, (0.0, 1.0, 2.0, 99.0), strict=True):
        row.values["off_target_drift_jnd"] = drift
    by_name = {figure[:4]: figure for figure in control_figures(rows, COLUMNS)}
    assert by_name["off_target_drift_jnd", "level", None, None].value == 1.5


def test_the_95th_percentile_is_over_the_requests_of_all_notes():
    """Notes of 11 requests each: the worst of 20 notes that are otherwise perfect lies beyond the 95 %."""
    figures = figures_of(np.where(np.arange(20) == 7, 0.0, 1.0)[:, None])
    asked = np.abs(50 * (POSITIONS - 0.5))
    found = figures["error_jnd_p95", "level", None, None]
    assert found.value == pytest.approx(np.percentile(np.concatenate([np.zeros(209), asked]), 95)) and found.n == 20
    assert found.low <= found.value <= found.high and found.high > 5.0
    alone = figures["error_jnd_p95", "level", "reed", None]
    assert alone.n == 10 and alone.value > found.value


def test_figures_say_how_their_sounds_were_made():
    sweeps = controller(np.ones((4, 2)))._replace(rendering="exact")
    rows = control_rows(sweeps)
    assert {row.rendering for row in rows} == {f.rendering for f in control_figures(rows, COLUMNS)} == {"exact"}


def test_rows_that_do_not_fit_together_are_refused():
    rows = control_rows(controller(np.ones((2, 2))))
    for bad in ([], rows[:3], [*rows[:2], *rows[:1:-1]]):
        with pytest.raises(ValueError, match="same knobs in the same order"):
            control_figures(bad, COLUMNS)


def test_the_file_has_a_line_a_row_and_nothing_where_undefined():
    rows = control_rows(controller(np.ones((3, 2))))
    lines = list(csv.DictReader(io.StringIO(rows_csv(rows))))
    assert len(lines) == 6
    assert (lines[1]["note"], lines[1]["knob"], lines[1]["error_jnd"]) == ("note_0", "fundamental_share", "")
    assert float(lines[0]["slope"]) == rows[0].values["slope"]
    assert list(lines[0]) == ["note", "family", "register", "knob", "rendering", *rows[0].values]
    assert {line["rendering"] for line in lines} == {"open"}


def test_intervals_over_all_knobs_draw_whole_notes():
    gain = np.random.default_rng(0).uniform(size=(30, 1)) * np.ones(2)
    figures = figures_of(gain)
    together, alone = figures["slope", None, None, None], figures["slope", "level", None, None]
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
