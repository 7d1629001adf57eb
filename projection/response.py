"""How the mean of a sound follows the mean of what is played, with room, window and noise between them."""

import torch
from torch import Tensor

LARGEST_CHANGE, DAMPING = 4.0, 0.005
"""Tolerances that are asked for from one render to the next, and how little a doubtful direction is trusted."""


class Response:
    """(B, C, C) slopes of what is heard by what is played, in tolerances, that follow by Broyden's rule.

    Args:
        like: (B, C)
        largest_change: of what is wanted at a time
        damping: of the step
    """

    def __init__(self, like: Tensor, largest_change: float = LARGEST_CHANGE, damping: float = DAMPING) -> None:
        self.largest_change, self.damping = largest_change, damping
        self.slopes = torch.eye(like.shape[-1]).to(like).repeat(len(like), 1, 1)

    def wanted(self, missed: Tensor, weight: Tensor) -> Tensor:
        """(B, C) tolerances missed and their weight -> what is to be played more: a damped Newton step."""
        weighted = weight[..., None] * self.slopes
        system = weighted.mT @ weighted + self.damping * torch.eye(missed.shape[-1]).to(missed)
        wanted = (weighted.mT @ (weight * missed)[..., None])[..., 0]
        solved = torch.linalg.solve(system, wanted.nan_to_num(0.0, 0.0, 0.0))
        return solved.clamp(-self.largest_change, self.largest_change)

    def learn(self, change: Tensor, came: Tensor) -> None:
        """What (B, C) came, heard, of a (B, C) change of what is played."""
        surprise = came - (self.slopes @ change[..., None])[..., 0]
        length = change.square().sum(-1, keepdim=True)
        update = (surprise / length.clamp_min(1e-6))[..., None] * change[:, None]
        self.slopes = self.slopes + torch.where(length[..., None] > 1e-4, update, 0.0)
