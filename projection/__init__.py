"""From what is about to be played to what was asked of it: the least change of its numbers that does it."""

from projection.curves import follow_curves
from projection.frames import FrameProjection
from projection.giving_way import give_way
from projection.mean_search import MeanSearch
from projection.other_start import from_other_start
from projection.playable import Playable
from projection.prior import LearntPrior, musical_prior
from projection.request import Request
from projection.search import Answer, Search
from projection.target import Target, projectable

__all__ = [
    "Answer",
    "FrameProjection",
    "LearntPrior",
    "MeanSearch",
    "Playable",
    "Request",
    "Search",
    "Target",
    "follow_curves",
    "from_other_start",
    "give_way",
    "musical_prior",
    "projectable",
]
