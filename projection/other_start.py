"""Requests that are not met from one start: another is tried, and the first is kept as far as it can be."""

from collections.abc import Callable

import torch
from torch import Tensor

from projection.found import Found
from projection.playable import Playable
from projection.request import UNNOTICED, Request
from projection.search import Answer

PlayableBetween = Callable[[Tensor, Tensor], Playable]
"""(R,) rows and (R,) shares of the way from one start to the other -> what is played there."""


def from_other_start(
    playable_between: PlayableBetween, request: Request, audio: Tensor, answer: Answer
) -> tuple[Tensor, Answer, Tensor]:
    """Search from the other start where a turned request is noticeably missed, and then from halfway to it.

    Args:
        playable_between: what is played between the two
        request: of B sounds
        audio: (B, N) that was found from the first start
        answer: to the request, with that audio

    Returns:
        the same with the rows replaced that came noticeably nearer, their renders counted in, and (B,) at which share
        of the way each was found
    """
    found, share = Found(request, audio, answer), torch.zeros_like(answer.off[:, 0])
    turns = torch.ones_like(share, dtype=torch.bool) if request.turned is None else request.turned.any(1)
    missed = turns & (answer.off.abs() > UNNOTICED).any(-1) & request.can_be_asked(answer.off)
    rows = missed.nonzero()[:, 0]
    # What is found halfway may be off by as much more as nobody notices: it is nearer to the first.
    for way, margin in ((1.0, UNNOTICED), (0.5, -UNNOTICED)):
        if len(rows):
            there = torch.full_like(share[rows], way)
            rows = rows[found.search(playable_between(rows, there), rows, request.of(rows), margin)[0]]
            share[rows] = way
    return found.audio, found.answer, share
