"""Where there is nothing to turn: parts that cancel each other ahead of an onset and behind an end."""

import torch.nn.functional as F
from torch import Tensor

HEARD = 0.001
"""Power of a recording beside that of its parts, 30 dB below, from which on its parts are heard as they are."""
NEAR_S = 0.004
"""To either side, over which power is read."""


def heard_share(tone: Tensor, bands: Tensor, rate: int) -> Tensor:
    """How much of a change of the parts is to be heard: 1 where they are there, 0 where the recording is silent.

    A window that reaches over an onset hears in the silence what comes after, once as tone and once as noise, of
    opposite sign. Gains that differ would bring it to light.

    Args:
        tone: (N,)
        bands: (M, N) of noise
        rate: samples per second

    Returns:
        (N,)
    """
    there = _near((tone + bands.sum(0)).square(), rate)
    parts = _near(tone.square() + bands.square().sum(0), rate)
    return (there / (HEARD * parts + 1e-20)).clamp_max(1.0)


def _near(power: Tensor, rate: int) -> Tensor:
    """(N,) -> (N,) mean around each sample."""
    near = round(NEAR_S * rate)
    sums = F.pad(power.double().cumsum(0), (near + 1, near))
    sums[len(power) + near + 1 :] = sums[len(power) + near]
    return ((sums[2 * near + 1 :] - sums[: len(power)]) / (2 * near + 1)).clamp_min(0.0).to(power)
