"""Numbers of every size are short and keep three significant digits."""

import math

import pytest

from output.numbers import readable


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (12.346, "12.3"), (-0.01234, "-0.0123"), (1234.5, "1234"), (math.inf, "–")]
)
def test_numbers_are_readable(value, text):
    assert readable(value) == text
