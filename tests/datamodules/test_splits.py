"""Splits follow names alone, are about as large as they should be, and are never empty."""

import pytest

from datamodules.splits import SPLITS, shared_out


def test_names_alone_decide():
    names = [f"device {number}" for number in range(30)]
    assert shared_out(names) == shared_out(names[::-1])


def test_a_tenth_each_is_held_out_and_a_new_name_moves_none():
    names = [f"file {number}" for number in range(2000)]
    before = shared_out(names)
    held_out = [list(before.values()).count(split) / len(names) for split in ("valid", "test")]
    assert held_out == pytest.approx([0.1, 0.1], abs=0.02)
    after = shared_out([*names, "another"])
    assert {name: after[name] for name in names} == before


@pytest.mark.parametrize("n_names", [3, 4, 7])
def test_every_split_has_one(n_names):
    for first in range(20):
        names = [f"{first} {number}" for number in range(n_names)]
        assert set(shared_out(names).values()) == set(SPLITS)


def test_few_names_need_not_be_everywhere():
    assert shared_out([], at_least_one=False) == {}
    assert len(shared_out(["one"], at_least_one=False)) == 1
