"""The search for exact knobs, on a recording."""

from collections.abc import Sequence

from torch import Tensor

from projection.target import Target
from synths import Descriptor
from turning.gains import GainSearch, Turned
from turning.out_of_reach import within_reach
from turning.recording import Recording
from turning.recording_search import StrictRequest


def turned(
    recording: Recording, knobs: Sequence[Descriptor], asked: Tensor, free: Tensor | None, steady_only: bool = False
) -> Turned:
    """Meet R requests of C knobs.

    Args:
        recording: what is turned
        knobs: descriptors
        asked: (R, F, C) positions
        free: (R, C) True for knobs that may miss where not all can be met
        steady_only: one set of gains for the whole recording
    """
    request = StrictRequest(Target(knobs), asked, recording.sounding.float().expand(len(asked), -1), 1, free)
    gains = GainSearch(recording, knobs)
    return within_reach(gains, request, gains.met(request, steady_only), steady_only)
