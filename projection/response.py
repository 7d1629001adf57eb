"""How the mean of a sound follows the mean of what is played, with room, window and noise between them."""

import torch
from torch import Tensor

LARGEST_CHANGE = 4.0
"""Tolerances that are asked for from one render to the next."""


class Response:
    """(B, C, C) slopes of what is heard by what is played, in tolerances, that follow by Broyden's rule.

    Args:
        like: (B, C)
    """

    def __init__(self, like: Tensor) -> None:
        self.slopes = torch.eye(like.shape[-1]).to(like).repeat(len(like), 1, 1)

    def wanted(self, missed: Tensor, weight: Tensor) -> Tensor:
        """(B, C) tolerances missed and their weight -> what is to be played more: a damped Newton step."""
        weighted = weight[..., None] * self.slopes
        system = weighted.mT @ weighted + 0.005 * torch.eye(missed.shape[-1]).to(missed)
        wanted = (weighted.mT @ (weight * missed)[..., None])[..., 0]
        solved = torch.linalg.solve(system, wanted.nan_to_num(0.0, 0.0, 0.0))
        return solved.clamp(-LARGEST_CHANGE, LARGEST_CHANGE)

    def learn(self, change: Tensor, came: Tensor) -> None:
        """What (B, C) came, heard, of a (B, C) change of what is played."""
        surprise = came - (self.slopes @ change[..., None])[..., 0]
        length = change.square().sum(-1, keepdim=True)
        update = (surprise / length.clamp_min(1e-6))[..., None] * change[:, None]
        self.slopes = self.slopes + torch.where(length[..., None] > 1e-4, update, 0.0)
