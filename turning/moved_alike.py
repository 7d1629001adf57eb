"""Frames that have been brought near their goal once; what the sound then lacks in the mean, all make up for alike."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from projection.frames import LARGEST_STEP, FrameProjection
from synths import Descriptor

NEAR, DOUBT = 1.0, 1e-4
"""Tolerances that are made up for so; damping of such a step."""


class MovedAlike(FrameProjection):
    """A projection whose second step and later ones need no model where little is lacking: the mean slopes tell them.

    Args:
        knobs: C descriptors
        layers: (R, F) frames
        tolerance: (R, C) in positions
        prior: (R, P, P) covariance of the log gains
        active: (R, F) True in the frames that are to meet a goal
        turned: (R, C) True for knobs that may miss where not all can be met
        still: weight of the whole change against the errors

    Attributes:
        shift: (R, P) what is added to the gains of all frames
    """

    def __init__(
        self,
        knobs: Sequence[Descriptor],
        layers: Any,
        tolerance: Tensor,
        prior: Tensor,
        active: Tensor,
        turned: Tensor | None,
        still: float,
    ) -> None:
        super().__init__(knobs, layers, tolerance, prior, active, turned, still)
        self.width, self.solved = tolerance, torch.zeros(len(tolerance), dtype=torch.bool)
        self.solved_for = torch.zeros_like(tolerance)
        self.shift = prior.new_zeros(prior.shape[:2])

    def towards(self, goal: Tensor, n_steps: int, clips: Tensor | None = None, beyond_reach: float = torch.inf) -> None:
        """Take steps towards (R, F, C) positions."""
        going = torch.ones_like(self.solved) if clips is None else clips
        mean = self._mean(goal)
        lacking = (mean - self.solved_for) / self.width
        near = going & self.solved & (lacking.abs().amax(-1) < NEAR)
        anew = (going & ~near)[:, None]
        if near.any():
            self.shift = torch.where(near[:, None], self._made_up(lacking), self.shift)
        if anew.any():
            # Steps that failed towards another goal say little of this one.
            self.damping.clamp_max_(1.0)
            super().towards(goal, n_steps, anew[:, 0], beyond_reach)
            self.solved_for, self.shift = torch.where(anew, mean, self.solved_for), self.shift.masked_fill(anew, 0.0)
            self.solved |= anew[:, 0]

    def begin_again(self, clips: Tensor) -> None:
        """Take back what was done in the (R,) requests that are True."""
        super().begin_again(clips)
        self.solved &= ~clips

    def _mean(self, values: Tensor) -> Tensor:
        """(R, F, V) -> (R, V) over the frames that are active."""
        active = self.active[..., None].to(values)
        return (values * active).sum(1) / active.sum(1).clamp_min(1.0)

    def _mean_of_active(self, values: Tensor) -> Tensor:
        """(n, C, V) of the active frames -> (R, C, V)."""
        spread = values.new_zeros(*self.active.shape, *values.shape[1:])
        spread[self.active] = values
        return self._mean(spread.flatten(2)).unflatten(-1, values.shape[1:])

    def _made_up(self, lacking: Tensor) -> Tensor:
        """(R, C) tolerances -> (R, P) the likeliest gains that bring them, the same in all frames."""
        slopes = self._mean_of_active(self.weight[..., None] * self.slopes)
        lacking = self._mean_of_active(self.weight[..., None])[..., 0] * lacking
        likely = slopes @ self.prior
        system = likely @ slopes.mT
        scale = 1.0 + system.diagonal(dim1=1, dim2=2).amax(-1)[:, None, None]
        answer, _ = torch.linalg.solve_ex(system + DOUBT * scale * torch.eye(slopes.shape[1]).to(slopes), lacking)
        return (answer[:, None] @ likely)[:, 0].nan_to_num(0.0, 0.0, 0.0).clamp(-LARGEST_STEP, LARGEST_STEP)

    def set_out_from(self, start: Tensor) -> None:
        """Begin at (R, P) gains, the same in all frames."""
        rows, gains = torch.arange(len(self.gains)), start[self.clip_of]
        self.put(rows, gains, self.with_gains(rows, gains))
