"""Whether more steps would pay, on courses whose answer is plain."""

import numpy as np
import pytest

from studies.prospects import gain_of_last_quarter, prospects, validations_since_best
from studies.run_curves import MONITORED, Curves

NAN = float("nan")


def course(*values):
    """A validation every 100 steps."""
    steps = 100.0 * np.arange(1, len(values) + 1)
    return Curves(steps, steps, {MONITORED: np.array(values)})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((8, 4, 2, 1), "Best at step 400 of 400: error 1.00, 50.0 % of it gone in the last quarter: more steps would "
                       "likely pay."),
        ((8, 2, 1, 0.995), "Best at step 400 of 400: error 0.995, 0.5 % of it gone in the last quarter: more steps "
                           "would bring little."),
        ((8, 1, 2, 2, 2, 2), "Best at step 200 of 600: error 1.00, no better for 4 validations: more steps would not "
                             "pay."),
        ((3, 2, 1), "Best at step 300 of 300: error 1.00."),
        ((NAN, NAN), ""),
    ],
)  # fmt: skip
def test_the_sentence(values, said):
    assert prospects(course(*values)) == said


def test_a_run_without_curves_has_no_prospects():
    assert prospects(None) == ""


def test_the_gain_is_that_of_the_lowest():
    """In the last quarter it rises again, or begins with no number."""
    assert gain_of_last_quarter(course(4, 2, 1, 3)) == 0.0
    assert gain_of_last_quarter(course(NAN, 2, 4, 1)) == pytest.approx(0.5)
    assert gain_of_last_quarter(course(NAN, NAN, NAN, 1)) == 0.0


def test_since_the_first_of_equals():
    assert validations_since_best(course(2, 1, 1, 1)) == 2
