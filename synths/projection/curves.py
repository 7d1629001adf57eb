"""Requests whose every frame counts: curves, where the rest of a request is judged in the mean."""

import math

import torch
from torch import Tensor

from synths.projection.request import Request
from synths.projection.search import N_STEPS, Search
from synths.projection.target import TOLERANCE_POSITION, Target


class CurveRequest(Request):
    """Curves: every frame is to be met, and where not all knobs can be, a step of any knob's position costs the same.

    In least audible differences a curve of level, which has many, would be followed at the price of all others.
    """

    def __init__(
        self, target: Target, asked: Tensor, sounding: Tensor, judged: int, turned: Tensor | None = None
    ) -> None:
        super().__init__(target, asked, sounding, judged, turned)
        self.tolerance = torch.full_like(self.tolerance, TOLERANCE_POSITION)

    def score(self, missed: Tensor, heard: Tensor) -> Tensor:
        """(B,) how far off the frames are."""
        return (self.mean((self.asked - heard).abs()) / self.tolerance).sum(-1)

    def unmet(self, missed: Tensor) -> Tensor:
        """(B,) True everywhere: a mean that is met says nothing of the frames."""
        return torch.ones_like(missed[:, 0], dtype=torch.bool)


class CurveSearch(Search):
    """Gains under which every frame is measured where it was asked, as far as it can be.

    What room, window and noise add to a frame is the mean of what they added in the renders so far; no frame does
    another's part.
    """

    def _correct(self, n_rendered: int) -> None:
        gap = self.heard - self.goal.projection.all_measured()
        self.gap = torch.where(self.going[:, None, None], torch.lerp(self.gap, gap, 1.0 / n_rendered), self.gap)

    def _project(self, n_rendered: int) -> None:
        n_steps = N_STEPS[min(n_rendered, len(N_STEPS)) - 1]
        self.goal.projection.towards(self.request.asked - self.gap, n_steps, self.going, math.inf)
