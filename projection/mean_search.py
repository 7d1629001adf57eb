"""The search of a model's sound: frames first, then means, and what was not turned before what was."""

import math

import torch
from torch import Tensor

from projection.frames import FrameProjection
from projection.means import MeanProjection
from projection.playable import Playable
from projection.request import Request
from projection.response import Response
from projection.search import Answer, Search

MOST_RENDERS = 10
MOST_RENDERS_TO_HOLD = 16
"""The same where what was not turned is still off."""
FRAME_STEPS = (6, 4)
"""Rounds of the projection of frames, each before a render; all later renders move means alone."""
FREE_FROM = 6
"""Renders after which a turned knob goes where it may, if what holds is still off."""
FAR_WEIGHT, FREE_WEIGHT = 0.1, 0.05
"""Weight of a turned knob that is far from where it was asked, and of one that goes where it may."""
LEAST_TRUST = 0.05
"""Share of a step below which another render would say nothing new."""


class MeanSearch(Search):
    """One batch of requests on the way to their sound, whose means are moved by all frames together.

    Each step goes on from the best sound so far: one that came no nearer is taken back, and the next is shorter. A
    knob that was turned gives way where it cannot be met, until the others hold.

    Args:
        playable: what is played
        request: what is asked of it
    """

    playable: Playable

    def __init__(self, playable: Playable, request: Request) -> None:
        super().__init__(playable, request)
        self.response, self.trust = Response(self.best), torch.ones_like(self.score)
        self.open_heard = self.heard.clone()
        # Where steps go on from: the best so far, or, begun again, the best since.
        self.base, self.base_score = self.best.clone(), self.score.clone()

    def run(self) -> tuple[Tensor, Answer]:
        """Render until all is met, or too often: (B, N) audio of the best renders, and how the request was met."""
        if self.going.any():
            self.frames = self._projection()
            self.means = MeanProjection(self.frames, self.request)
            self.base_gains, self.base_played = self.frames.gains.clone(), self.frames.measured.clone()
        first = 1 if self.request.target.n_projectable else 1 + len(FRAME_STEPS)
        for n_rendered in range(first, MOST_RENDERS_TO_HOLD):
            if n_rendered == MOST_RENDERS:
                self._begin_again()
            if not self.going.any():
                break
            if n_rendered <= len(FRAME_STEPS):
                self._render_frames(FRAME_STEPS[n_rendered - 1], n_rendered == len(FRAME_STEPS))
            else:
                self._render_means(n_rendered >= FREE_FROM)
        return self.audio, self._answer()

    def _projection(self) -> FrameProjection:
        layers, request = self.playable.layers(), self.request
        active = request.active() & self.going[:, None]
        prior = request.plain_where_nothing_turns(self.playable.prior(layers))
        n = request.target.n_projectable
        turned = None if request.turned is None else request.turned[:, :n]
        return FrameProjection(request.target.knobs[:n], layers, request.tolerance[:, :n], prior, active, turned)

    def _render_frames(self, n_steps: int, is_last: bool) -> None:
        """Bring each frame where it was asked, but for what was heard beside what was played."""
        start = self.frames.all_start()
        n = self.request.target.n_projectable
        goal = (self.request.asked - self.heard)[..., :n] + self.frames.all_measured()
        self.frames.towards(start + self.request.smooth(goal - start), n_steps, self.going, math.inf)
        self._play()
        if is_last:
            self._return(torch.ones_like(self.going))

    def _render_means(self, may_free: bool) -> None:
        """Move means by what was missed; a step that does not come nearer is taken back, and the next is shorter."""
        before = self.base
        weight = self._weight(may_free)
        wanted = self.trust[:, None] * self.response.wanted(before, weight)
        self.means.hear(self.playable, self.going)
        change = self.means.shift(wanted, weight, self.going)
        better, now = self._play()
        self.response.learn(change, before - now)
        self._return(~better)
        self.trust = torch.where(better, (2.0 * self.trust).clamp_max(1.0), 0.4 * self.trust)
        self.going = self.going & ((self.trust > LEAST_TRUST) | self.request.dragged(self.base))

    def _weight(self, may_free: bool) -> Tensor:
        """(B, C) of each knob: what holds comes before what was turned and cannot be."""
        weight = torch.ones_like(self.base).masked_fill(self.request.far(self.base), FAR_WEIGHT)
        if may_free and self.request.turned is not None:
            free = self.request.turned & self.request.dragged(self.base)[:, None]
            weight = weight.masked_fill(free, FREE_WEIGHT)
        return weight

    def _play(self) -> tuple[Tensor, Tensor]:
        """Play and hear what goes on: (B,) True where it came nearer, and (B, C) what it missed."""
        rows = self.going.nonzero()[:, 0]
        audio = self.playable.play(self.frames.all_gains()[rows], rows)
        self.heard[rows] = self._hear(audio, rows)
        self.renders[rows.cpu()] += 1
        now = self.request.missed(self.heard)
        score = self.request.score(now, self.heard)
        best = self.going & (score < self.score)
        self.audio[best] = audio[best[rows]]
        self.best, self.score = torch.where(best[:, None], now, self.best), torch.where(best, score, self.score)
        better = self.going & (score < self.base_score)
        self.base = torch.where(better[:, None], now, self.base)
        self.base_score = torch.where(better, score, self.base_score)
        frames = better[self.frames.clip_of]
        self.base_gains[frames], self.base_played[frames] = self.frames.gains[frames], self.frames.measured[frames]
        self.going = self.going & self.request.unmet(now)
        return better, now

    def _return(self, clips: Tensor) -> None:
        """Go on from the base, in the (B,) clips that are True."""
        rows = clips[self.frames.clip_of].nonzero()[:, 0]
        self.frames.put(rows, self.base_gains[rows], self.base_played[rows])

    def _begin_again(self) -> None:
        """Where what holds is still off, go from the unchanged sound once more, with what was turned free."""
        self.going = self.going & self.request.dragged(self.best)
        rows = self.going[self.frames.clip_of]
        self.base_gains[rows], self.base_played[rows] = 0.0, self.frames.start[rows]
        self.base = torch.where(self.going[:, None], self.open_missed, self.base)
        self.base_score = torch.where(
            self.going, self.request.score(self.open_missed, self.open_heard), self.base_score
        )
        self.response, self.trust = Response(self.base), torch.ones_like(self.trust)
        self._return(self.going)
