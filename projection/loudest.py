"""How loud a frame may become for the sake of a mean: not much louder than it was asked, or was played before."""

import math

import torch
from torch import Tensor

from projection.frames import FrameProjection
from synths.descriptors.level import Level

MOST_LOUDER_DB = 6.0
"""Above what is asked of the frame's level, or above its level without a change where that is higher."""
NEPER_DB = 20.0 / math.log(10.0)


class Loudest:
    """Keeps frames from growing loud alone, as one whose window hears two notes may that is to lower a mean of noise.

    Args:
        frames: of which no knob need be a level; then nothing is kept
        asked: (B, F, C) positions
    """

    def __init__(self, frames: FrameProjection, asked: Tensor) -> None:
        self.frames = frames
        levels = [place for place, knob in enumerate(frames.target.knobs) if isinstance(knob, Level)]
        self.place = levels[0] if levels else None
        if self.place is not None:
            wanted = asked[frames.active][:, self.place]
            self.ceiling_db = self._level_db(torch.fmax(wanted, frames.start[:, self.place])) + MOST_LOUDER_DB

    def lowered(self, rows: Tensor, gains: Tensor, measured: Tensor) -> tuple[Tensor, Tensor]:
        """(R, P) gains of some rows, which measure (R, C) -> the same, all gains of what is too loud lower."""
        if self.place is None:
            return gains, measured
        over_db = (self._level_db(measured[:, self.place]) - self.ceiling_db[rows]).clamp_min(0.0)
        loud = over_db > 0.0
        if loud.any():
            gains, measured = gains.clone(), measured.clone()
            gains[loud] -= over_db[loud, None] / NEPER_DB
            measured[loud] = self.frames.with_gains(rows[loud], gains[loud])
        return gains, measured

    def _level_db(self, positions: Tensor) -> Tensor:
        assert self.place is not None
        return self.frames.target.knobs[self.place].value_at(positions)
