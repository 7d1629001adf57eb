"""Sounds made one: at another rate in blocks as at once, and summed as long as the longest."""

import numpy as np
import pytest
import soxr
import torch

from instrument.samples import InMemory
from timbre.mixing import at_rate, mixed


def test_blocks_at_another_rate_are_the_whole_at_another_rate():
    tone = torch.sin(2 * torch.pi * 440.0 * torch.arange(16000) / 16000.0)
    blocks = torch.cat(list(at_rate(tone.split(3000), 16000, 44100))).numpy()
    whole = soxr.resample(tone.numpy(), 16000, 44100, "VHQ")
    assert len(blocks) == pytest.approx(len(whole), abs=1)
    assert np.abs(blocks[: len(whole)] - whole[: len(blocks)]).max() < 1e-4


def test_the_same_rate_is_the_same_sound():
    blocks = [torch.ones(3), torch.zeros(2)]
    assert list(at_rate(blocks, 16000, 16000)) == blocks


def test_a_mix_is_the_sum_and_as_long_as_the_longest():
    short, long = torch.ones(2**18 + 5), 0.5 * torch.ones(2**19)
    total = torch.cat(list(mixed([InMemory(short), InMemory(long)])))
    assert len(total) == len(long)
    assert torch.equal(total[: len(short)], torch.full((len(short),), 1.5)) and bool((total[len(short) :] == 0.5).all())
