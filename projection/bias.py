"""What is asked in advance, in the mean, of what room, window and noise will add."""

import torch
from torch import Tensor

from projection.response import Response

LARGEST_BIAS, LARGEST_CHANGE, DAMPING = 6.0, 2.0, 0.02
"""Limits of what is asked in advance, in tolerances: in all, and from one render to the next; damping of a step."""
FAR_WEIGHT = 0.1
"""Weight of a turned knob that is far from where it was asked: the others are to hold."""


class Bias:
    """(B, C) tolerances asked beside what is: a damped step after each render.

    Args:
        like: (B, C)
    """

    def __init__(self, like: Tensor) -> None:
        self.value, self.change = torch.zeros_like(like), torch.zeros_like(like)
        self.response = Response(like, LARGEST_CHANGE, DAMPING)

    def follow(self, missed: Tensor, far: Tensor, going: Tensor) -> None:
        """Ask for what (B, C) was missed in the (B,) that go on; knobs that are far weigh little."""
        weight = torch.ones_like(missed).masked_fill(far, FAR_WEIGHT)
        wanted = (self.value + self.response.wanted(missed, weight)).clamp(-LARGEST_BIAS, LARGEST_BIAS)
        before, self.value = self.value, torch.where(going[:, None], wanted, self.value)
        self.change = self.value - before

    def learn(self, came: Tensor) -> None:
        """What (B, C) came of the last change."""
        self.response.learn(self.change, came)
