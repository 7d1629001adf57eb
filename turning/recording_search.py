"""The outer search, on a recording: what it plays, and what counts as near."""

from collections.abc import Callable

import torch
from torch import Tensor

from projection.frames import FrameProjection
from projection.request import TOLERANCE, UNNOTICED, Request
from projection.search import N_LEARNING, Search
from turning.recording import Recording

FRAMES_WEIGHT = 0.01
CLOSE_ENOUGH = 0.03
"""Least audible differences that a mean may be off when the search ends."""
HELD_WEIGHT, DRAGGED_WEIGHT = 4.0, 100.0
"""Weight of what shall hold, beside what was turned and may miss: as long as it is not noticed, and beyond."""


class StrictRequest(Request):
    """Stricter than a model's: held knobs shall not be seen to move, and means count before frames."""

    def score(self, missed: Tensor, heard: Tensor) -> Tensor:
        """(R,) how far off: the means, and next to nothing for the frames."""
        frames = self.mean((self.asked - heard).abs()) / self.tolerance
        return self._weighted(missed.abs(), HELD_WEIGHT) + FRAMES_WEIGHT * frames.sum(-1)

    def unmet(self, missed: Tensor) -> Tensor:
        """(R,) True where a mean is off."""
        return (missed.abs() > CLOSE_ENOUGH).any(-1)

    def off(self, measured: Tensor) -> Tensor:
        """(R, C) mean positions -> tolerances that they are off, without a sign."""
        return ((self.mean(self.asked) - measured) / self.tolerance).abs()

    def cost(self, measured: Tensor) -> Tensor:
        """(R, C) mean positions -> (R,) how much they are off; 0 where all is met within the tolerance.

        As long as nobody notices, what holds counts as what was turned.
        """
        return self._weighted((self.off(measured) - TOLERANCE).clamp_min(0.0), 1.0)

    def rows(self, rows: Tensor) -> "StrictRequest":
        """Some of the requests."""
        free = None if self.turned is None else self.turned[rows]
        return StrictRequest(self.target, self.asked[rows], self.sounding[rows], self.judged, free)

    def but(self, asked: Tensor | None = None, free: Tensor | None = None) -> "StrictRequest":
        """The same with other (R, F, C) positions, or with others that are (R, C) free to miss."""
        asked, free = self.asked if asked is None else asked, self.turned if free is None else free
        return StrictRequest(self.target, asked, self.sounding, self.judged, free)

    def _weighted(self, off: Tensor, held_weight: float) -> Tensor:
        if self.turned is not None:
            dragged = (off - UNNOTICED).clamp(0.0, 1.0)
            off = torch.where(self.turned, off, held_weight * off + DRAGGED_WEIGHT * dragged)
        return off.sum(-1)


class Turning:
    """A recording that is played with gains on its parts: `Played`."""

    every = 1

    def __init__(self, recording: Recording, unchanged: Tensor, hop: int) -> None:
        self.recording, self.unchanged, self.hop = recording, unchanged, hop
        self.f0_hz = recording.f0_hz.expand(len(unchanged), -1)

    def play(self, log_gains: Tensor, rows: Tensor) -> Tensor:
        """(R, F, P) log gains -> (R, N)."""
        return self.recording.audio + self.recording.change(self.recording.components, log_gains, self.hop)


class RecordingSearch(Search):
    """The outer search, given its projection.

    Args:
        playable: the recording
        request: what is asked of it
        projection: (R,) True for requests that go on -> what brings their frames to a goal
        again: render even where the means are met, and not the frames
        n_learning: renders in which the gap between model and sound is learnt frame by frame
    """

    most_renders, n_shared = 9, 0

    def __init__(
        self,
        playable: Turning,
        request: StrictRequest,
        projection: Callable[[Tensor], FrameProjection],
        again: bool = False,
        n_learning: int = N_LEARNING,
    ) -> None:
        super().__init__(playable, request)
        self.make_projection, self.n_learning = projection, n_learning
        if again:
            frames_off = request.mean((request.asked - self.heard).abs()) / request.tolerance
            self.going = request.can_be_asked(self.missed) & (frames_off > CLOSE_ENOUGH).any(-1)
            self.score = torch.full_like(self.score, torch.inf)

    def _projection(self) -> FrameProjection:
        return self.make_projection(self.going)
