"""Steady gains, and on them what each frame needs along a few musical directions."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from synths import Descriptor
from synths.signal import interpolate_frames
from turning.frames import PlayedFrames, RecordedFrames
from turning.moved_alike import MovedAlike
from turning.steady import heard

EVERY = 2
"""One frame of so many, of 10 ms each, is solved for."""
FREEDOM = 0.5
"""Variance of the gains along a direction."""
PULL = 0.05
"""Weight of what a frame has beside the steady gains, against the errors."""
SMOOTHED_FRAMES = 9
"""Frames of the window that smooths the gains: about 0.1 s."""


class HybridProjection(MovedAlike):
    """Brings every other frame of a recording to a goal, along musical directions.

    Args:
        knobs: C descriptors
        recorded: every second frame of the recording
        steady: (R, P) log gains to begin with
        directions: (P, Q) log gains of each direction
        tolerance: (R, C) in positions
        active: (R, F) True in frames, of all, that are to meet a goal
        turned: (R, C) True for knobs that may miss where not all can be met
    """

    def __init__(
        self,
        knobs: Sequence[Descriptor],
        recorded: RecordedFrames,
        steady: Tensor,
        directions: Tensor,
        tolerance: Tensor,
        active: Tensor,
        turned: Tensor | None,
    ) -> None:
        self.directions, self.steady, self.n_frames = directions, steady, active.shape[1]
        n_requests, n_places = len(steady), len(recorded.f0_hz)
        place = torch.arange(n_places).expand(n_requests, -1)
        f0_hz = recorded.f0_hz.expand(n_requests, -1)
        frames = PlayedFrames(recorded, place, f0_hz, steady[:, None].expand(-1, n_places, -1))
        prior = FREEDOM * torch.eye(directions.shape[1]).expand(n_requests, -1, -1)
        super().__init__(knobs, frames, tolerance, prior, active[:, ::EVERY], turned, PULL)

    def positions(self, layers: PlayedFrames, gains: Tensor) -> Tensor:
        """(1, R) frames, (R, Q) gains along the directions -> (R, C) positions."""
        log_gains = layers.log_gains + (gains @ self.directions.T)[None]
        return heard(self.target, layers._replace(log_gains=log_gains))[0]

    def towards(self, goal: Tensor, n_steps: int, clips: Tensor | None = None, beyond_reach: float = torch.inf) -> None:
        """Take steps towards (R, F, C) positions."""
        super().towards(goal[:, ::EVERY], n_steps, clips, beyond_reach)

    def all_gains(self) -> Tensor:
        """(R, F / 2, P) log gains, smooth over time."""
        window = torch.hann_window(SMOOTHED_FRAMES + 2, periodic=False)[1:-1]
        moved = super().all_gains()
        half = SMOOTHED_FRAMES // 2
        padded = F.pad(moved.mT, (half, half), mode="replicate")
        kernel = (window / window.sum()).to(moved).expand(moved.shape[-1], 1, -1)
        smooth = F.conv1d(padded, kernel, groups=moved.shape[-1]).mT
        return self.steady[:, None] + (smooth + self.shift[:, None]) @ self.directions.T

    def all_measured(self) -> Tensor:
        """(R, F, C) positions in the model; frames that are not active have those of the nearest that is."""
        return interpolate_frames(self.everywhere(self.measured), EVERY, self.n_frames)
