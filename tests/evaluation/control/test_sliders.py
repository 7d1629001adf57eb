"""Knobs of known answer: perfect, deaf, inverted, half as far, bent, and asked for what cannot be."""

import math

import numpy as np
import pytest

from evaluation.control.sliders import fitted_lines, measure_sliders
from evaluation.control.sweeps import Column, TurnedNote
from tests.evaluation.control.swept import swept

POSITIONS = np.linspace(0, 1, 11)
LEVEL = Column("level", "dB", -60.0, -10.0, 2.0)


def slider_of(position: np.ndarray, reachable: np.ndarray | bool = True, knob: Column = LEVEL) -> dict[str, float]:
    """Position measured at each position asked -> every field of one knob of one note, by name."""
    ratio = knob.high / knob.low
    value, asked = (
        knob.low * ratio**place if knob.curve == "log" else knob.low + (knob.high - knob.low) * place
        for place in (np.asarray(position, dtype=float), POSITIONS)
    )
    own, can = value[:1, None], np.broadcast_to(reachable, (1, 1, 11))
    note = TurnedNote("a", "flute", "low")
    sweeps = swept([note], [knob], 1, POSITIONS, asked[None, None], own, value[None, None, :, None], can)
    return {name: field.item() for name, field in measure_sliders(sweeps)._asdict().items()}


def test_a_perfect_knob_scores_one_and_errs_by_nothing():
    slider = slider_of(POSITIONS)
    assert (slider["monotonicity"], slider["requests"], slider["unreachable"], slider["unmeasured"]) == (1, 11, 0, 0)
    assert [slider["slope"], slider["r_squared"]] == pytest.approx([1, 1])
    assert [slider["error"], slider["error_jnd"], slider["error_all"]] == pytest.approx([0, 0, 0])
    assert [slider["reach_low"], slider["reach_high"]] == pytest.approx([-60, -10])


def test_a_deaf_knob_scores_chance():
    slider = slider_of(np.full(11, 0.1))
    assert (slider["monotonicity"], slider["slope"], slider["r_squared"]) == (0.5, 0, 0)
    assert slider["reach_low"] == slider["reach_high"] == -55
    assert slider["error"] == pytest.approx(50 * np.abs(POSITIONS - 0.1).mean())
    assert slider["error_jnd"] == pytest.approx(slider["error"] / 2)


def test_an_inverted_knob_fits_a_line_that_falls():
    slider = slider_of(1 - POSITIONS)
    assert slider["monotonicity"] == 0
    assert [slider["slope"], slider["r_squared"]] == pytest.approx([-1, 1])


def test_half_as_far_is_half_the_slope_with_no_loss_of_order():
    slider = slider_of(0.5 + (POSITIONS - 0.5) / 2)
    assert slider["monotonicity"] == 1
    assert [slider["slope"], slider["r_squared"]] == pytest.approx([0.5, 1])
    assert [slider["reach_low"], slider["reach_high"]] == pytest.approx([-47.5, -22.5])


def test_steps_up_count_whole_and_steps_that_change_nothing_half():
    assert slider_of([0, 0, 1, 2, 1, 2, 3, 3, 2, 4, 5])["monotonicity"] == pytest.approx((6 + 2 / 2) / 10)


def test_r_squared_is_that_of_the_line_as_numpy_says():
    measured = POSITIONS**3 + 0.1 * np.sin(40 * POSITIONS)
    slider = slider_of(measured)
    assert slider["r_squared"] == pytest.approx(np.corrcoef(POSITIONS, measured)[0, 1] ** 2)
    assert slider["slope"] == pytest.approx(np.polyfit(POSITIONS, measured, 1)[0])


@pytest.mark.parametrize("curve", ["linear", "log"])
def test_unreachable_requests_are_counted_and_are_no_error(curve):
    knob = Column("sharpness", "acum", 0.5, 4.0, 0.08, curve)
    slider = slider_of(np.minimum(POSITIONS, 0.7), POSITIONS < 0.75, knob)
    assert (slider["requests"], slider["unreachable"], slider["monotonicity"]) == (11, 3, 1)
    assert [slider["slope"], slider["r_squared"], slider["error"]] == pytest.approx([1, 1, 0])
    assert slider["error_all"] > 0.1
    assert slider_of(np.minimum(POSITIONS, 0.7), True, knob)["r_squared"] < 0.97


def test_in_reach_leaves_out_what_training_notes_do_not_have():
    """A quarter of the range off beyond 0.75 and met below: within the reach there is no error, if it can be met."""
    note, columns = TurnedNote("a", "flute", "low"), [LEVEL]
    asked = (-60.0 + 50.0 * POSITIONS)[None, None]
    measured = np.where(POSITIONS > 0.75, asked - 12.5, asked)[..., None]
    own, can = measured[:, 0, :1], POSITIONS[None, None] > 0.05
    for reach, expected in ((POSITIONS <= 0.75, 0.0), (POSITIONS > 0.65, 12.5 / 2.0 * 3 / 4), (POSITIONS < 0.05, None)):
        in_reach = reach[None, None]
        sweeps = swept([note], columns, 1, POSITIONS, asked, own, measured, can, in_reach=in_reach)
        error = measure_sliders(sweeps).error_jnd_in_reach.item()
        assert math.isnan(error) if expected is None else error == pytest.approx(expected)


def test_reach_is_of_all_that_was_measured():
    slider = slider_of(POSITIONS, (POSITIONS > 0.25) & (POSITIONS < 0.75))
    assert [slider["reach_low"], slider["reach_high"]] == pytest.approx([-60, -10])


def test_what_cannot_be_measured_is_left_out_and_counted_apart():
    slider = slider_of(np.where(POSITIONS > 0.95, np.nan, POSITIONS), POSITIONS > 0.05)
    assert (slider["unreachable"], slider["unmeasured"], slider["monotonicity"]) == (1, 1, 1)
    assert [slider["slope"], slider["error"], slider["error_all"]] == pytest.approx([1, 0, 0])
    assert slider["reach_high"] == pytest.approx(-15)


def test_what_is_no_sound_does_not_pay():
    """Two of eleven requests unanswered: the note has no value for the knob, and its count falls short."""
    slider = slider_of(np.where(POSITIONS > 0.85, np.nan, POSITIONS))
    assert slider["unmeasured"] == 2
    for name in ("monotonicity", "slope", "r_squared", "error", "error_jnd", "error_all", "reach_low"):
        assert math.isnan(slider[name])


@pytest.mark.parametrize("n_reachable", [0, 2])
def test_fewer_than_three_positions_make_no_line(n_reachable):
    slider = slider_of(POSITIONS, np.arange(11) < n_reachable)
    assert np.isnan([slider["monotonicity"], slider["slope"], slider["r_squared"]]).all()
    assert slider["unreachable"] == 11 - n_reachable
    assert np.isnan(slider["error"]) == (n_reachable == 0)


def test_a_knob_without_a_least_difference_has_no_error_in_it():
    slider = slider_of(POSITIONS / 2, knob=LEVEL._replace(jnd=None))
    assert np.isnan(slider["error_jnd"]) and slider["error"] > 0


def test_lines_agree_with_numpy_wherever_values_are_missing():
    values = np.random.default_rng(0).normal(size=(4, 5, 11))
    values[0, 0, 3], values[2, 1, 5:] = np.nan, np.nan
    slopes, r_squared = fitted_lines(POSITIONS, values)
    for index in np.ndindex(4, 5):
        kept = np.isfinite(values[index])
        assert slopes[index] == pytest.approx(np.polyfit(POSITIONS[kept], values[index][kept], 1)[0])
        assert r_squared[index] == pytest.approx(np.corrcoef(POSITIONS[kept], values[index][kept])[0, 1] ** 2)


def test_a_constant_has_no_correlation_however_it_rounds():
    constants = np.random.default_rng(0).normal(size=(100, 1)) * np.ones(11)
    constants[::2, 4] = np.nan
    slopes, r_squared = fitted_lines(POSITIONS, constants)
    assert (slopes == 0).all() and (r_squared == 0).all()
