"""When a point of a sweep is behind."""

import math

import pytest

from studies.run_curves import curve_row, write_curve_rows
from studies.run_folder import RunFolder
from studies.sweep import Halving

FIGURE = "validation/reconstruction"
RULE = Halving(FIGURE, "minimize", first=2, eta=3)


@pytest.mark.parametrize(("first", "eta", "after"), [(2, 3, [2, 6, 18]), (1, 2, [1, 2, 4, 8, 16]), (5, 4, [5, 20])])
def test_runs_are_compared_after_powers_of_eta(first, eta, after):
    rule = RULE._replace(first=first, eta=eta)
    assert [n for n in range(1, 21) if rule.compares_after(n)] == after


@pytest.mark.parametrize(
    ("own", "others", "behind"),
    [
        (9.0, [], False),  # nobody to compare with
        (9.0, [1.0], False),  # two of which one of three goes on: too few
        (9.0, [1.0, 2.0], True),
        (1.0, [2.0, 3.0], False),
        (2.0, [1.0, 3.0, 4.0, 5.0, 6.0], False),  # the second of six, of whom two go on
        (3.0, [1.0, 2.0, 4.0, 5.0, 6.0], True),
        (2.0, [2.0, 2.0], False),  # equals are not better
        (9.0, [math.nan, math.nan], False),  # better than what is no number
        (math.nan, [], True),
    ],
)
def test_one_of_three_goes_on(own, others, behind):
    assert RULE.is_behind(own, others) is behind


def test_the_goal_says_which_way_is_better():
    assert RULE._replace(goal="maximize").is_behind(1.0, [2.0, 3.0])
    assert not RULE._replace(goal="maximize").is_behind(3.0, [1.0, 2.0])


def test_others_are_read_after_as_many_validations(tmp_path):
    for name, values in {"a": [5.0, 4.0, 3.0], "b": [8.0], "c": [7.0, math.nan], "own": [1.0, 1.0]}.items():
        (tmp_path / name).mkdir()
        rows = [curve_row(10 * step, 1.0, {FIGURE: value}) for step, value in enumerate(values, 1)]
        write_curve_rows(RunFolder(tmp_path / name), rows)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "curves.csv").write_text("step,valid")
    found = RULE.others(tmp_path / "own", 2)
    assert found[0] == 4.0 and math.isnan(found[1]) and len(found) == 2


def test_says_what_it_does():
    assert RULE.sentence == "ends early: after 2, 6, ... validations 1 of 3 goes on (reconstruction)"
