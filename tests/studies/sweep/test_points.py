"""Points: each a function of the file and its index."""

import math
import subprocess
import sys

import pytest

from studies.sweep import flags, point, telling_points


def test_a_grid_is_nested_loops_in_the_order_of_the_file(grid):
    by_hand = [{"model.a": a, "model.b": b} for a in (1, 2) for b in ("u", "v", "w")]
    assert [point(grid, index) for index in range(grid.n_points)] == by_hand


def test_a_single_value_is_part_of_every_point(write_sweep):
    sweep = write_sweep(run_cap=2, parameters={"b": {"value": "x"}, "a": {"values": [3, 4]}})
    assert [list(point(sweep, index).items()) for index in (0, 1)] == [[("b", "x"), ("a", 3)], [("b", "x"), ("a", 4)]]


def test_a_drawn_point_depends_on_its_index_alone(drawn):
    points = [point(drawn, index) for index in range(40)]
    assert [point(drawn, index) for index in reversed(range(40))] == points[::-1]
    assert len({str(found) for found in points}) == 40


def test_a_drawn_point_is_the_same_in_another_process(drawn):
    code = "import sys; from pathlib import Path; from studies.sweep import *; "
    code += "print(point(read_sweep(Path(sys.argv[1])), 17))"
    printed = subprocess.run([sys.executable, "-c", code, drawn.path], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == str(point(drawn, 17))


def test_drawn_values_cover_their_ranges_as_the_distribution_says(drawn):
    points = [point(drawn, index) for index in range(400)]
    values = {name: [found[name] for found in points] for name in points[0]}
    assert 170 <= values["share"].count("low") <= 230
    assert all(0.1 <= value <= 10.0 for value in values["weight"])
    below_1 = sum(value < 1.0 for value in values["weight"])  # half of a logarithmic range, a tenth of a linear one
    assert 160 <= below_1 <= 240
    assert 160 <= sum(value < 0.25 for value in values["dropout"]) <= 240
    assert set(values["size"]) == set(range(2, 10)) and all(isinstance(value, int) for value in values["size"])
    assert set(values["step"]) == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_bayes_has_no_points_before_there_are_results(write_sweep):
    with pytest.raises(ValueError, match="--storage journal"):
        point(write_sweep(method="bayes"), 0)


def test_telling_points_hold_every_choice_and_both_ends(grid, drawn):
    for sweep in (grid, drawn):
        points = list(telling_points(sweep))
        assert len(points) == max(len(setting.extremes) for setting in sweep.settings)
        for setting in sweep.settings:
            assert {found[setting.name] for found in points} == set(setting.extremes)


def test_flags_are_those_of_the_agent_of_weights_and_biases():
    from wandb.sdk.launch.sweeps.utils import create_sweep_command_args

    values = {"model.a": 1e-05, "b": True, "c": "[synths.Level, synths.Sharpness]", "d": 3, "e": math.pi}
    command = {"args": {name: {"value": value} for name, value in values.items()}}
    assert flags(values) == create_sweep_command_args(command)["args"]


def test_a_grid_needs_no_optuna(grid):
    code = "import sys; from pathlib import Path; from studies.sweep import *; "
    code += "point(read_sweep(Path(sys.argv[1])), 3); assert not {'optuna', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code, grid.path], check=True)
