"""Gains under which a sound is measured where it was asked, whatever window, room and noise add.

The sound is projected onto the request frame by frame; what is then heard to be missing is asked for in advance: frame
by frame in the first renders, after that in the mean alone. The same search serves a model and a recording: all that
it knows of them is `Playable`.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from projection.bias import Bias
from projection.frames import BEYOND_REACH, FrameProjection
from projection.playable import Played
from projection.request import TOLERANCE, Request
from projection.sharing import N_SHARED, SharedGoal

MOST_RENDERS = 7
N_LEARNING = 2
"""Renders in which the gap between layers and sound is learnt frame by frame; then it is kept."""
N_STEPS = (6, 4, 3)
"""Rounds of the projection for the first renders; the last for all that follow."""


class Answer(NamedTuple):
    """How B requests were answered, in the mean over what sounds.

    Shapes: asked, measured (B, C) positions; off (B, C) tolerances above what was asked; open_off the same of the
    sound without a change; renders (B,) how often the sound was rendered; peak (B,) its largest sample, which clips
    above 1. C are the knobs that were corrected, by `names`.
    """

    names: list[str]
    asked: Tensor
    measured: Tensor
    off: Tensor
    open_off: Tensor
    renders: Tensor
    peak: Tensor

    @property
    def met(self) -> Tensor:
        """(B, C) whether the knob is where it was asked, within the tolerance; NaN is not."""
        return self.off.abs() <= TOLERANCE


class Search:
    """One batch of requests on the way to their sound.

    Args:
        playable: what is played
        request: what is asked of it

    Attributes:
        gains: (B, F / every, P) log gains of the best renders; None before anything was played
    """

    n_learning, most_renders, n_shared = N_LEARNING, MOST_RENDERS, N_SHARED

    def __init__(self, playable: Played, request: Request) -> None:
        self.playable, self.request = playable, request
        self.audio = playable.unchanged.clone()
        self.heard = self._hear(self.audio, torch.arange(len(self.audio), device=self.audio.device))
        self.missed = self.open_missed = request.missed(self.heard)
        self.best, self.score = self.missed.clone(), request.score(self.missed, self.heard)
        self.renders = torch.ones(len(self.audio), dtype=torch.long)
        self.going = request.can_be_asked(self.missed) & request.unmet(self.missed)
        self.gap = self.first_gap = torch.zeros_like(self.heard)
        self.bias = Bias(self.missed)
        self.gains: Tensor | None = None

    def run(self) -> tuple[Tensor, Answer]:
        """Render until all is met, or seven times: (B, N) audio of the best renders, and how the request was met."""
        if self.going.any():
            self.goal = SharedGoal(self.request, self._projection(), self.n_shared)
        for n_rendered in range(1, self.most_renders):
            if not self.going.any():
                break
            self._correct(n_rendered)
            self._project(n_rendered)
            self._try(n_rendered)
        return self.audio, self._answer()

    def _projection(self) -> FrameProjection:
        """What brings the frames of what goes on to a goal."""
        raise NotImplementedError

    def _correct(self, n_rendered: int) -> None:
        """Learn from the last render what is to be asked in advance."""
        if n_rendered <= self.n_learning:
            gap = self._smooth(self.heard - self.goal.projection.all_measured())
            self.gap = torch.where(self.going[:, None, None], gap, self.gap)
            self.first_gap = self.gap if n_rendered == 1 else self.first_gap
            return
        far, going = self.request.far(self.missed), self.going
        # Where a turned knob stays far off, the others may have been dragged along.
        if n_rendered == self.n_learning + 1 and (hopeless := going & far.any(-1)).any():
            self.goal.begin_again(hopeless)
            self.gap = torch.where(hopeless[:, None, None], self.first_gap, self.gap)
            going = going & ~hopeless
        self.bias.follow(self.missed, far, going)

    def _project(self, n_rendered: int) -> None:
        # On the way, what cannot be met looks like what only takes longer.
        beyond_reach = math.inf if n_rendered <= self.n_learning else BEYOND_REACH
        goal = self.request.asked - self.gap + (self.bias.value * self.request.tolerance)[:, None]
        self.goal.towards(goal, N_STEPS[min(n_rendered, len(N_STEPS)) - 1], self.going, beyond_reach)

    def _try(self, n_rendered: int) -> None:
        """Play and hear what goes on; keep it where it is the best so far."""
        rows = self.going.nonzero()[:, 0]
        gains = self.goal.projection.all_gains()
        audio = self.playable.play(gains[rows], rows)
        self.heard[rows] = self._hear(audio, rows)
        self.renders[rows.cpu()] += 1
        now = self.request.missed(self.heard)
        if n_rendered > self.n_learning:
            self.bias.learn(self.missed - now)
        self.missed, score = now, self.request.score(now, self.heard)
        better = self.going & (score < self.score)
        self.audio[better], self.best[better], self.score[better] = audio[better[rows]], now[better], score[better]
        self.gains = torch.where(
            better[:, None, None], gains, torch.zeros_like(gains) if self.gains is None else self.gains
        )
        self.going = self.going & self.request.unmet(now)

    def _hear(self, audio: Tensor, rows: Tensor) -> Tensor:
        """(R, N) audio of these rows -> (R, F / every, C) positions."""
        return self.request.target.of_sound(audio, self.playable.f0_hz[rows], self.playable.every)

    def _smooth(self, gap: Tensor) -> Tensor:
        """(B, F / every, C) -> the same over three frames, with the mean that it had."""
        padded = torch.cat([gap[:, :1], gap, gap[:, -1:]], dim=1)
        smooth = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3.0
        return smooth + self.request.mean(gap - smooth)[:, None]

    def _answer(self) -> Answer:
        names, asked = [knob.name for knob in self.request.target.knobs], self.request.mean(self.request.asked)
        measured = asked - self.best * self.request.tolerance
        return Answer(names, asked, measured, -self.best, -self.open_missed, self.renders, self.audio.abs().amax(-1))
