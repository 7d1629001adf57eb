"""Samples that are read in stretches, in memory and on a disk."""

import pytest
import torch

from instrument.samples import InMemory, OnDisk, Scaled, each_block


@pytest.fixture(params=["memory", "disk"])
def samples(request, tmp_path):
    """0, 1, ... 99."""
    if request.param == "memory":
        yield InMemory(torch.arange(100.0))
        return
    with OnDisk(tmp_path) as kept:
        kept.add(torch.arange(60.0))
        assert kept.read(50, 20).tolist() == list(range(50, 60))
        kept.add(torch.arange(60.0, 100.0))
        yield kept


def test_stretches_are_read(samples):
    assert samples.n_samples == 100
    assert samples.read(40, 30).tolist() == list(range(40, 70))
    assert samples.read(95, 30).tolist() == list(range(95, 100)) and not len(samples.read(100, 5))
    assert [len(block) for block in each_block(samples, 40)] == [40, 40, 20]
    assert Scaled(samples, 0.5).read(10, 2).tolist() == [5.0, 5.5] and Scaled(samples, 0.5).n_samples == 100


def test_nothing_is_left_on_the_disk(tmp_path):
    with OnDisk(tmp_path) as kept:
        kept.add(torch.ones(10))
        assert not list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
