"""What is written of a training is read again, and what is no such file is named."""

import math

import numpy as np
import pytest

from studies.run_curves import curve_row, curve_rows, read_curves, write_curve_rows
from studies.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "flute")


def written(run, *lines):
    run.path.mkdir()
    run.curves.write_text("\n".join(["step,training_s,validation/reconstruction", *lines]) + "\n")
    return run


def test_what_is_written_is_read(run):
    """A figure that begins late has its column, and single precision loses nothing."""
    third = float(np.float32(1) / np.float32(3))
    rows = [
        curve_row(100, 12.34, {"train/loss": third, "validation/reconstruction": math.nan}),
        curve_row(200, 20.0, {"train/loss": 0.25, "validation/reconstruction": 2.0, "usage/level": 1e-9}),
    ]
    write_curve_rows(run, rows)
    assert run.curves.read_text().splitlines() == [
        "step,training_s,train/loss,validation/reconstruction,usage/level",
        "100,12.3,0.333333343,,",
        "200,20.0,0.25,2,1e-09",
    ]
    curves = read_curves(run)
    assert curves.steps.tolist() == [100, 200] and curves.training_s.tolist() == [12.3, 20.0]
    assert np.float32(curves.figures["train/loss"][0]) == np.float32(third)
    np.testing.assert_array_equal(curves.figures["usage/level"], [math.nan, 1e-9])
    assert curves.best == 1


def test_lines_after_a_step_are_left_out_and_the_others_stand_as_they_did(run):
    written(run, "1,0.5,3.0", "2,1.0,2.50", "3,1.5,2.25")
    rows = curve_rows(run, 2)
    write_curve_rows(run, rows)
    assert run.curves.read_text() == "step,training_s,validation/reconstruction\n1,0.5,3.0\n2,1.0,2.50\n"


@pytest.mark.parametrize(
    ("values", "best"), [((3.0, 1.0, 1.0), 1), ((math.nan, 5.0, 6.0), 1), ((math.nan,) * 3, None), ((), None)]
)
def test_the_best_is_the_first_of_the_lowest(run, values, best):
    write_curve_rows(run, [curve_row(n, 0.0, {"validation/reconstruction": value}) for n, value in enumerate(values)])
    curves = read_curves(run)
    assert (curves.best if curves else None) == best


def test_runs_of_before_have_none(run):
    assert read_curves(run) is None and curve_rows(run, 100) == []


@pytest.mark.parametrize("line", ["1,0.5", "1,0.5,3.0,4.0", "one,0.5,3.0", "1,soon,3.0", "1,0.5,three"])
def test_a_file_that_is_none_of_curves_is_named(run, line):
    with pytest.raises(ValueError, match=r"curves\.csv is no file of curves .*: restore or delete it"):
        read_curves(written(run, line))
