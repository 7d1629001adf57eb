"""Frames that cannot do their part leave it to those that can: the mean is met."""

import torch
from torch import Tensor

from projection.bias import LARGEST_CHANGE
from projection.frames import FrameProjection
from projection.request import TOLERANCE, Request

N_SHARED = 2
"""How often what is owed to the mean is shared out anew."""
SHARED_STEPS = 3
"""Rounds of the projection for each."""
MOST_INSTEAD = 12.0
"""Tolerances that frames may take over for others."""


class SharedGoal:
    """A goal of every frame, plus (B, C) tolerances asked of all of them in place of those that cannot.

    Args:
        request: whose mean is to be met
        projection: what brings the frames there
        n_shared: how often what is owed to the mean is shared out anew
    """

    def __init__(self, request: Request, projection: FrameProjection, n_shared: int = N_SHARED) -> None:
        self.request, self.projection, self.n_shared = request, projection, n_shared
        self.instead = torch.zeros_like(request.tolerance)
        self.response = torch.ones_like(request.tolerance)  # how much of it arrives in the mean

    def begin_again(self, clips: Tensor) -> None:
        """Ask nothing of others in the (B,) clips that are True, whose projection begins again."""
        self.projection.begin_again(clips)
        self.instead[clips], self.response[clips] = 0.0, 1.0

    def towards(self, goal: Tensor, n_steps: int, going: Tensor, beyond_reach: float) -> None:
        """Bring the (B,) clips that go on to (B, F / every, C) positions, in the mean over what sounds.

        Args:
            goal: positions
            n_steps: rounds of the projection before anything is shared
            going: which clips
            beyond_reach: as in `FrameProjection.towards`
        """
        owed_before, added = torch.full_like(self.instead, torch.inf), torch.zeros_like(self.instead)
        for n_more in (SHARED_STEPS,) * self.n_shared + (0,):
            asked = goal + (self.instead * self.request.tolerance)[:, None]
            self.projection.towards(asked, n_steps, going, beyond_reach)
            owed = self.request.mean(goal - self.projection.all_measured()) / self.request.tolerance
            tried = added.abs() > TOLERANCE
            self.response = torch.where(tried, ((owed_before - owed) / added).clamp(0.2, 1.2), self.response)
            # Knobs that pull against each other get no nearer by being asked for more.
            worse = going & (owed.abs().sum(-1) > owed_before.abs().sum(-1))
            self.instead = torch.where(worse[:, None], self.instead - added, self.instead)
            going = going & ~worse & (owed.abs() > TOLERANCE).any(-1)
            if not (going.any() and n_more):
                break
            added = torch.where(going[:, None], self._more(owed), 0.0)
            owed_before, n_steps = owed, n_more
            self.instead = self.instead + added

    def _more(self, owed: Tensor) -> Tensor:
        """(B, C) tolerances owed to the mean -> what is to be asked beside what is."""
        wanted = (owed / self.response).clamp(-LARGEST_CHANGE, LARGEST_CHANGE)
        return (self.instead + wanted).clamp(-MOST_INSTEAD, MOST_INSTEAD) - self.instead
