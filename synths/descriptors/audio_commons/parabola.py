"""The AudioCommons models' weight of a region of the Bark scale."""

import torch
from torch import Tensor


def parabola(first: int, end: int) -> Tensor:
    """(240,) float64 weight of points 0.1 Bark apart: 0 outside first..end - 1 and at its ends, 1 in its middle.

    Meant as a normal distribution; its width multiplies where it should divide, which leaves the top of the bell.
    """
    points = torch.arange(first, end, dtype=torch.float64)
    bell = torch.exp(-0.5 * (0.01 * (points - (first + end) / 2.0)) ** 2)
    bell = bell - bell.min()
    weight = torch.zeros(240, dtype=torch.float64)
    weight[first:end] = bell / bell.max()
    return weight
