"""Requests that drag what holds: the turned knobs go part of the way, as far as the others let them."""

from collections.abc import Callable

import torch
from torch import Tensor

from projection.found import Found
from projection.playable import Playable
from projection.request import UNNOTICED, Request
from projection.search import Answer

N_HALVINGS = 3
"""How often the way is halved, all of it or the part that pays: an eighth of it is as near as the end is found."""

PlayableAt = Callable[[Tensor, Tensor], Playable]
"""(R,) rows and (R,) shares of the way from home to what is asked -> what is played there."""


def give_way(
    playable_at: PlayableAt, request: Request, home: Tensor, found: tuple[Tensor, Answer]
) -> tuple[Tensor, Answer]:
    """Ask for less where an answer drags what holds: halfway from home, then nearer or farther.

    Every place is searched for as a request by itself. Of all that was found, the place counts where what holds is
    least off beyond what is heard, and among such places the one that `Request.held_first` finds best: a tenth of a
    tolerance, which nobody hears, is not worth many of the turned knob. No place is tried that would cost more than it
    mends. Where nothing holds at home either, what was asked is not to blame, and the whole request is answered.

    Args:
        playable_at: what is played on the way
        request: of B sounds
        home: (B, F / every, C) positions where all hold
        found: (B, N) audio and the answer of the whole request

    Returns:
        the same with the rows replaced that were mended; their renders are counted in
    """
    way = _Way(request, home, *found)
    rows = (request.dragged(-way.answer.off) & request.can_be_asked(way.answer.off)).nonzero()[:, 0]
    if not len(rows):
        return way.audio, way.answer
    first = way.copy()
    low = request.of(rows).share_that_pays(-way.answer.off[rows], home[rows])
    high = torch.ones_like(low)
    for _ in range(N_HALVINGS):
        share = 0.5 * (low + high)
        held = way.go(playable_at, rows, share)
        low, high = torch.where(held, share, low), torch.where(held, high, share)
    if len(stuck := rows[low == 0.0]):
        way.go(playable_at, stuck, torch.zeros_like(stuck, dtype=low.dtype))
        way.take_back(first, stuck)
    return way.audio, way.answer


class _Way(Found):
    """The best of what was found so far, on the way from where all hold."""

    def __init__(self, request: Request, home: Tensor, audio: Tensor, answer: Answer) -> None:
        super().__init__(request, audio, answer)
        self.home = home

    def go(self, playable_at: PlayableAt, rows: Tensor, share: Tensor) -> Tensor:
        """Search (R,) rows at their share of the way; (R,) True where all that holds held."""
        some = self.request.of(rows)
        off = self.search(playable_at(rows, share), rows, some.part_of(self.home[rows], share))[1]
        self.off_last = off
        return ~some.dragged(-off)

    def copy(self) -> tuple[Tensor, ...]:
        """What there is now."""
        own = self.answer
        return self.audio.clone(), own.measured.clone(), own.off.clone(), own.peak.clone()

    def take_back(self, first: tuple[Tensor, ...], rows: Tensor) -> None:
        """Take what was found first for those of (R,) rows, searched at home just now, that drag hardly more there."""
        audio, measured, off, peak = first
        some, own = self.request.of(rows), self.answer
        rows = rows[some.noticed(-off[rows]) <= some.noticed(-self.off_last) + UNNOTICED]
        self.audio[rows], own.measured[rows], own.off[rows], own.peak[rows] = (
            audio[rows],
            measured[rows],
            off[rows],
            peak[rows],
        )
