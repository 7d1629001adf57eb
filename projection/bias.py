"""What is asked in advance, in the mean, of what room, window and noise will add."""

import torch
from torch import Tensor

LARGEST_BIAS, LARGEST_CHANGE = 6.0, 2.0
"""Limits of what is asked in advance, in tolerances: in all, and from one render to the next."""
FAR_WEIGHT = 0.1
"""Weight of a turned knob that is far from where it was asked, so that the others hold."""


class Bias:
    """(B, C) tolerances asked beside what is: damped Newton steps whose slopes follow by Broyden's rule.

    Args:
        like: (B, C)
    """

    def __init__(self, like: Tensor) -> None:
        self.value, self.change = torch.zeros_like(like), torch.zeros_like(like)
        self.slopes = torch.eye(like.shape[-1]).to(like).repeat(len(like), 1, 1)

    def follow(self, missed: Tensor, far: Tensor, going: Tensor) -> None:
        """Ask for what (B, C) was missed in the (B,) that go on; knobs that are far weigh little."""
        wanted = (self.value + self._step(missed, far)).clamp(-LARGEST_BIAS, LARGEST_BIAS)
        before, self.value = self.value, torch.where(going[:, None], wanted, self.value)
        self.change = self.value - before

    def learn(self, came: Tensor) -> None:
        """What (B, C) came of the last change."""
        surprise = came - (self.slopes @ self.change[..., None])[..., 0]
        length = self.change.square().sum(-1, keepdim=True)
        update = (surprise / length.clamp_min(1e-6))[..., None] * self.change[:, None]
        self.slopes = self.slopes + torch.where(length[..., None] > 1e-6, update, 0.0)

    def _step(self, missed: Tensor, far: Tensor) -> Tensor:
        weight = torch.where(far, FAR_WEIGHT, torch.ones_like(missed))
        weighted = weight[..., None] * self.slopes
        system = weighted.mT @ weighted + 0.02 * torch.eye(missed.shape[-1]).to(missed)
        wanted = (weighted.mT @ (weight * missed)[..., None])[..., 0]
        solved = torch.linalg.solve(system, wanted.nan_to_num(0.0, 0.0, 0.0))
        return solved.clamp(-LARGEST_CHANGE, LARGEST_CHANGE)
