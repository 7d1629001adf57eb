"""Sounds of several models made one: at one rate, summed."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import soxr
import torch
from torch import Tensor

from instrument.samples import Samples, each_block


def at_rate(blocks: Iterable[Tensor], from_rate: int, to_rate: int) -> Iterator[Tensor]:
    """(n,) after (n,) of a sound at another rate in Hz; the same where it has that already."""
    if from_rate == to_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_rate, to_rate, 1, "float32", "VHQ")
    for block in blocks:
        yield torch.from_numpy(stream.resample_chunk(block.numpy()))
    yield torch.from_numpy(stream.resample_chunk(torch.zeros(0).numpy(), last=True))


def mixed(sounds: Sequence[Samples]) -> Iterator[Tensor]:
    """(n,) after (n,) of their sum, in their order, as long as the longest."""
    for blocks in zip_longest(*(each_block(sound) for sound in sounds), fillvalue=torch.zeros(0)):
        total = torch.zeros(max(len(block) for block in blocks))
        for block in blocks:
            total[: len(block)] += block
        yield total
