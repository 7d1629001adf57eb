"""The stopwatch: which side a ratio favours, and what a call's memory is."""

import pytest
import torch

from benchmarks.__main__ import START, STOP, replace_tables
from benchmarks.measure import cpu_s, peak_mib, times_faster


def test_calls_take_turns():
    """In every round each call runs twice: to settle, and to be timed."""
    order = []
    taken = cpu_s({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3)
    assert order == ["a", "a", "b", "b"] * 3 and len(taken["a"]) == len(taken["b"]) == 3


def test_ratio_is_the_median_of_rounds():
    """The median is taken of the ratios within a round: one bad round does not count."""
    assert times_faster({"slow": [4.0, 9.0, 80.0], "fast": [2.0, 3.0, 2.0]}, "slow", "fast") == 3.0


def test_peak_memory():
    """64 MiB are seen as 64 MiB."""
    peak = peak_mib(lambda: torch.ones(16 * 2**20).sum())
    if peak is None:
        pytest.skip("needs Linux's /proc")
    assert peak == pytest.approx(64, abs=16)


def test_tables_replace_tables():
    """What is written by hand around them stays; a page without marks is refused."""
    page = f"# Speed\n{START}\nold\n{STOP}\nafter\n"
    assert replace_tables(page, "new") == f"# Speed\n{START}\nnew\n{STOP}\nafter\n"
    with pytest.raises(ValueError, match="no marks"):
        replace_tables("# Speed\n", "new")
