"""Unit oscillations at the harmonics of a pitch, in short blocks: what partials are read with and played on."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

WINDOW_BLOCKS = 8
"""Blocks that the window of the heterodyne spans."""
SHORTEST_WINDOW_S = 0.024
WINDOW_PERIODS = 4.0
MOST_PARTIALS = 128
HIGHEST = 0.97
"""Share of half the rate: what is above is left to the noise."""
LOW_PITCH_SHARE = 0.05
"""Share of the frames that may lie below the pitch that the window is made for."""


class Carriers(NamedTuple):
    """Cosines and then sines of the phases of K harmonics.

    Shapes: waves (M, 2 K, D), M blocks of D samples; audible (M + 1, K) 1 where a harmonic is below half the rate at
    the edges of the blocks, else 0.
    """

    waves: Tensor
    audible: Tensor

    @property
    def n_partials(self) -> int:
        """K."""
        return self.waves.shape[1] // 2


def block_size(f0_hz: Tensor, rate: int) -> int:
    """(F,) pitch in Hz -> samples in a block: an eighth of a window of four periods, of 24 ms at least."""
    lowest_hz = float(f0_hz.double().quantile(LOW_PITCH_SHARE))
    window_s = max(WINDOW_PERIODS / lowest_hz, SHORTEST_WINDOW_S)
    return max(1, round(window_s * rate / WINDOW_BLOCKS))


def partials_below(f0_hz: Tensor, rate: int, most: int) -> int:
    """(F,) pitch in Hz -> harmonics of its median that fit below half the rate, `most` at most and 1 at least."""
    return max(1, min(most, int(HIGHEST * rate / 2 / float(f0_hz.double().median()))))


def carriers(
    f0_hz: Tensor, rate: int, hop: int, block: int, n_samples: int, n_partials: int, ratios: Tensor | None = None
) -> Carriers:
    """Oscillations along a pitch.

    Args:
        f0_hz: (F,) in Hz, frame t at sample t * hop
        rate: samples per second
        hop: samples per frame
        block: samples per block
        n_samples: to cover; the last block may reach beyond
        n_partials: K
        ratios: (K,) frequencies over the pitch; None is 1..K
    """
    n_blocks = -(-n_samples // block)
    pitch = at_samples(f0_hz.double(), hop, n_blocks * block + 1)
    # Every block begins where the one before it ends, within a turn: single precision is enough from there on.
    turns = (torch.cumsum(pitch[:-1], 0) - pitch[:-1]) / rate
    if ratios is None:
        waves = _powers(_turned(turns).reshape(n_blocks, 1, block), n_partials)
        ratios = torch.arange(1, n_partials + 1)
    else:
        waves = _turned(turns.reshape(n_blocks, 1, block) * ratios[:n_partials].double()[:, None])
    edges_hz = pitch[::block].float()
    audible = (edges_hz[:, None] * ratios[:n_partials] < HIGHEST * rate / 2).float()
    return Carriers(torch.cat([waves.real, waves.imag], dim=1), audible)


def _turned(turns: Tensor) -> Tensor:
    """Turns in float64 -> numbers of length 1 at these angles, complex64."""
    return torch.polar(torch.ones_like(turns), 2.0 * math.pi * (turns % 1.0)).to(torch.complex64)


def at_samples(values: Tensor, hop: int, n_samples: int) -> Tensor:
    """(F,) values every hop -> (n_samples,) in lines between, the last held."""
    held = torch.cat([values, values[-1:].repeat(max(2, 2 + n_samples // hop - len(values)))])
    sample = torch.arange(n_samples, device=values.device)
    before, share = sample // hop, (sample % hop).to(values.dtype) / hop
    return torch.lerp(held[before], held[before + 1], share)


def _powers(first: Tensor, n_powers: int) -> Tensor:
    """(M, 1, D) complex -> (M, n_powers, D) its powers from 1 on, by doubling."""
    powers = first.new_empty(len(first), n_powers, first.shape[2])
    powers[:, :1], n_done = first, 1
    while n_done < n_powers:
        n_more = min(n_done, n_powers - n_done)
        torch.mul(powers[:, :n_more], powers[:, n_done - 1 : n_done], out=powers[:, n_done : n_done + n_more])
        n_done += n_more
    return powers
