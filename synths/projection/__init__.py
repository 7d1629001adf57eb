"""From what a synth is about to play to what was asked of it: the least change of its numbers that does it."""

from synths.projection.frames import FrameProjection
from synths.projection.prior import LearntPrior, musical_prior
from synths.projection.target import Target, projectable

__all__ = ["FrameProjection", "LearntPrior", "Target", "musical_prior", "projectable"]
