"""From what is about to be played to what was asked of it: the least change of its numbers that does it."""

from synths.projection.frames import FrameProjection
from synths.projection.mean_search import MeanSearch
from synths.projection.playable import Playable
from synths.projection.prior import LearntPrior, musical_prior
from synths.projection.request import Request
from synths.projection.search import Answer, Search
from synths.projection.target import Target, projectable

__all__ = [
    "Answer",
    "FrameProjection",
    "LearntPrior",
    "MeanSearch",
    "Playable",
    "Request",
    "Search",
    "Target",
    "musical_prior",
    "projectable",
]
