"""One gain for each partial and band, the same from the begin of a recording to its end."""

from collections.abc import Sequence

import torch
from torch import Tensor

from projection.frames import STILL
from projection.target import Target
from synths import Descriptor
from turning.frames import PlayedFrames, PlayedFramesSound, RecordedFrames
from turning.moved_alike import MovedAlike

MOST_FRAMES = 48
"""Frames, spread over what sounds, whose mean stands for that of all."""


class SteadyProjection(MovedAlike):
    """Brings the mean over the frames of a recording to the means of R goals.

    Args:
        knobs: C descriptors
        recorded: the frames that sound, or some of them
        tolerance: (R, C) in positions
        prior: (P, P) covariance of the log gains
        sounding: (F,) weights of the frames of goals, whose sum is 1
        going: (R,) True for those that are to meet a goal
        turned: (R, C) True for knobs that may miss where not all can be met
    """

    def __init__(
        self,
        knobs: Sequence[Descriptor],
        recorded: RecordedFrames,
        tolerance: Tensor,
        prior: Tensor,
        sounding: Tensor,
        going: Tensor,
        turned: Tensor | None,
    ) -> None:
        self.recorded, self.sounding = recorded, sounding
        n_requests = len(tolerance)
        nothing = tolerance.new_zeros(n_requests, 1)
        rows = PlayedFrames(recorded, nothing.long(), nothing, nothing[..., None][..., :0])
        super().__init__(knobs, rows, tolerance, prior.expand(n_requests, -1, -1), going[:, None], turned, STILL)

    def positions(self, layers: PlayedFrames, gains: Tensor) -> Tensor:
        """(R, P) gains on all frames -> (R, C) mean positions."""
        n_frames, n_rows = len(self.recorded.f0_hz), len(gains)
        place, f0_hz = torch.arange(n_frames).repeat(n_rows), self.recorded.f0_hz.repeat(n_rows)
        each = gains.repeat_interleave(n_frames, 0)
        return (
            heard(self.target, PlayedFrames(self.recorded, place[None], f0_hz[None], each[None]))[0]
            .unflatten(0, (n_rows, n_frames))
            .mean(1)
        )

    def towards(self, goal: Tensor, n_steps: int, clips: Tensor | None = None, beyond_reach: float = torch.inf) -> None:
        """Take steps towards the mean of (R, F, C) positions."""
        mean = (goal * self.sounding[:, None]).sum(1, keepdim=True)
        super().towards(mean, n_steps, clips, beyond_reach)

    def all_gains(self) -> Tensor:
        """(R, 1, P) log gains."""
        return super().all_gains() + self.shift[:, None]


def heard(target: Target, played: PlayedFrames) -> Tensor:
    """(1, R) frames -> (1, R, C) knob positions."""
    sound = PlayedFramesSound(played)
    return target.positions([knob.hear(sound) for knob in target.knobs])
