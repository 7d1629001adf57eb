"""The page's exponentials, four at a time, in Node against numpy; ends of the range, and what is no number."""

import numpy as np
import pytest

from instrument.page_code import page_code

pytestmark = pytest.mark.browser

X = np.concatenate(
    [np.linspace(-90, 90, 4001), np.linspace(-1, 1, 400), [0.0, -0.0, 88.7, 88.72, 89.5, 1e6, -1e6]]
).astype(np.float32)
NO_NUMBERS = [np.nan, np.inf, -np.inf, 0.0]


@pytest.fixture
def asked(node_job):
    """A function's name, its numbers and x (a multiple of four) -> y."""

    def run(name, how, x):
        found = node_job(
            "exponentials",
            code=page_code(),
            name=name,
            how=list(how),
            x=[str(each).replace("inf", "Infinity") for each in x],
        )
        y = np.array([float(each.replace("Infinity", "inf")) for each in found], np.float32)
        assert (y[:4] == 7).all() and (y[-4:] == 7).all()
        return y[4:-4]

    return run


@pytest.mark.parametrize("scale", [1.0, -1.0, np.log(10.0)])
def test_exponential_is_within_three_units_of_the_last_place(asked, scale):
    """Float32, whose argument is rounded as PyTorch's is."""
    y, argument = asked("exponential", [float(scale)], X), (np.float32(scale) * X).astype(np.float64)
    with np.errstate(over="ignore"):
        expected = np.exp(argument).astype(np.float32)
    normal = (expected > 2.4e-38) & np.isfinite(expected)
    assert np.abs(y[normal] / expected[normal].astype(np.float64) - 1).max() < 3 * 2**-23
    assert (y[expected == np.inf] == np.inf).all() and (y[expected < 2.3e-38] < 2.4e-38).all()


@pytest.mark.parametrize(
    ("how", "expected"),
    [((-1, 1, 0), lambda x: 1 / (1 + np.exp(-x))), ((-2, 2, -1), np.tanh)],
    ids=["sigmoid", "tanh"],
)
def test_squash_is_sigmoid_and_tanh(asked, how, expected):
    y = asked("squash", how, X)
    with np.errstate(over="ignore"):
        assert y == pytest.approx(expected(X.astype(np.float64)), abs=2.5e-7)
    assert np.abs(y).max() == 1.0


def test_what_is_no_number_stays_so(asked):
    exponential, sigmoid = asked("exponential", [1], NO_NUMBERS), asked("squash", [-1, 1, 0], NO_NUMBERS)
    assert np.isnan(exponential[0]) and list(exponential[1:]) == [np.inf, 0.0, 1.0]
    assert np.isnan(sigmoid[0]) and list(sigmoid[1:]) == [1.0, 0.0, 0.5]
