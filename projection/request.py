"""What is asked of a sound, and how far a sound is from it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from projection.target import Target
from synths.descriptors.sounding import sounding_mean

TOLERANCE = 0.05
"""Least audible differences that a mean may be off and count as met."""
UNNOTICED = 0.2
"""Tolerances that what is held may be off and count as met."""
HEARD, PRICE = 1.0, 10.0
"""Tolerances beyond which what is held outweighs all that a turned knob could gain; below, what one of them is worth in
tolerances of the turned knob."""
SMOOTH_FRAMES = (5, 11)
"""Frames of 40 ms over which changes are smoothed where a knob was turned, and where none was."""


class Request:
    """What B sounds are asked for: C knobs frame by frame, judged in the mean over what sounds.

    Args:
        target: the C knobs
        asked: (B, F / every, C) positions
        sounding: (B, F / every / judged) 1 where it sounds, else 0
        judged: every so-many-th of these frames counts
        turned: (B, C) True for knobs that may miss where not all can be met; by default all count alike
        at_rest: (B,) True for sounds that stay as they are played; by default none
    """

    def __init__(
        self,
        target: Target,
        asked: Tensor,
        sounding: Tensor,
        judged: int,
        turned: Tensor | None = None,
        at_rest: Tensor | None = None,
    ) -> None:
        self.target, self.asked, self.sounding, self.judged, self.turned = target, asked, sounding, judged, turned
        self.at_rest = asked.new_zeros(len(asked), dtype=torch.bool) if at_rest is None else at_rest
        self.tolerance = target.tolerance(self.mean(asked))

    def of(self, rows: Tensor) -> "Request":
        """The requests of some (R,) rows."""
        turned = None if self.turned is None else self.turned[rows]
        return Request(self.target, self.asked[rows], self.sounding[rows], self.judged, turned, self.at_rest[rows])

    def part_of(self, home: Tensor, share: Tensor) -> "Request":
        """The same, but what is turned is asked (B,) shares of the way from (B, F / every, C) home only."""
        if self.turned is None:
            return self
        asked = torch.where(self.turned[:, None], torch.lerp(home, self.asked, share[:, None, None]), self.asked)
        return Request(self.target, asked, self.sounding, self.judged, self.turned, self.at_rest)

    def mean(self, values: Tensor) -> Tensor:
        """(B, F / every, C) -> (B, C) over what sounds."""
        return sounding_mean(values, self.sounding, self.judged)

    def active(self) -> Tensor:
        """(B, F / every) True in the frames that sound."""
        return self.sounding.bool().repeat_interleave(self.judged, dim=1)[:, : self.asked.shape[1]]

    def missed(self, heard: Tensor) -> Tensor:
        """(B, F / every, C) positions heard -> (B, C) tolerances that are asked above their mean."""
        return self.mean(self.asked - heard) / self.tolerance

    def score(self, missed: Tensor, heard: Tensor) -> Tensor:
        """(B,) how far off: the mean first, the frames in second place; what is turned counts less than what holds."""
        frames = self.mean((self.asked - heard).abs()) / self.tolerance
        off = missed.abs() + 0.1 * frames
        if self.turned is not None:
            dragged = (missed.abs() - UNNOTICED).clamp_min(0.0)
            off = torch.where(self.turned, off, 4.0 * off + 20.0 * dragged)
        return off.sum(-1)

    def unmet(self, missed: Tensor) -> Tensor:
        """(B,) True where a mean is off."""
        return (missed.abs() > TOLERANCE).any(-1)

    def can_be_asked(self, missed: Tensor) -> Tensor:
        """(B,) True where everything is a number, something sounds, and it is not at rest."""
        numbers = missed.isfinite().all(-1) & self.asked.isfinite().flatten(1).all(-1)
        return numbers & self.sounding.any(1) & ~self.at_rest

    def far(self, missed: Tensor) -> Tensor:
        """(B, C) True where a turned knob is still far from where it was asked."""
        if self.turned is None:
            return torch.zeros_like(missed, dtype=torch.bool)
        return self.turned & (missed.abs() > 1.0)

    def dragged(self, missed: Tensor) -> Tensor:
        """(B,) True where what holds is noticeably off."""
        if self.turned is None:
            return torch.zeros_like(missed[:, 0], dtype=torch.bool)
        return (~self.turned & (missed.abs() > UNNOTICED)).any(-1)

    def held_first(self, missed: Tensor) -> Tensor:
        """(B,) how far off: what holds and is heard to be off counts first, and what is not heard has its price."""
        if self.turned is None:
            return missed.abs().sum(-1)
        heard = self._held_beyond(HEARD, missed)
        return 1e3 * heard + PRICE * self.noticed(missed) + (missed.abs() * self.turned).sum(-1)

    def noticed(self, missed: Tensor) -> Tensor:
        """(B,) how far off what holds is beyond what is not noticed, all of it together."""
        return self._held_beyond(UNNOTICED, missed)

    def share_that_pays(self, missed: Tensor, home: Tensor) -> Tensor:
        """(B,) of the way from (B, F / every, C) home: to ask for less than that would cost more than it mends."""
        if self.turned is None:
            return torch.ones_like(missed[:, 0])
        way = (self.mean(self.asked - home).abs() / self.tolerance * self.turned).sum(-1)
        share = (1.0 - PRICE * self.noticed(missed) / way.clamp_min(1e-6)).clamp_min(0.0)
        return share.masked_fill(self._held_beyond(HEARD, missed) > 0.0, 0.0)

    def _held_beyond(self, tolerances: float, missed: Tensor) -> Tensor:
        """(B,) how far off what holds is beyond so many tolerances, all of it together."""
        if self.turned is None:
            return torch.zeros_like(missed[:, 0])
        return (missed.abs() - tolerances).clamp_min(0.0).masked_fill(self.turned, 0.0).sum(-1)

    def plain_where_nothing_turns(self, prior: Tensor) -> Tensor:
        """(B, P, P) prior of a change -> the same, but the identity where no knob was turned.

        There, what is off is put right with the fewest decibels; what sounds alike only matters for a change that a
        listener asked for.
        """
        plain = torch.eye(prior.shape[-1]).to(prior).expand_as(prior)
        return torch.where(self._turns()[:, None, None], prior, plain)

    def smooth(self, change: Tensor) -> Tensor:
        """(B, F / every, C) changes -> the same without what is too fast to be meant, with the mean that they had.

        Readings of noise differ from frame to frame by chance, in the recording as in what is played.
        """
        active = self.active()[..., None].to(change)
        fast, slow = (_smoothed(change * active, n) / _smoothed(active, n).clamp_min(1e-6) for n in SMOOTH_FRAMES)
        smooth = torch.where(self._turns()[:, None, None], fast, slow)
        return smooth + self.mean(change - smooth)[:, None]

    def _turns(self) -> Tensor:
        """(B,) whether a knob was turned, as far as is known."""
        return torch.ones_like(self.tolerance[:, 0], dtype=torch.bool) if self.turned is None else self.turned.any(1)


def _smoothed(values: Tensor, n_frames: int) -> Tensor:
    """(B, F, C) -> the same under a Hann window of so many frames, an odd number."""
    window = torch.hann_window(n_frames + 2, periodic=False)[1:-1].to(values)
    flat = values.mT.flatten(0, 1)[:, None]
    return F.conv1d(flat, window[None, None], padding=n_frames // 2)[:, 0].unflatten(0, values.mT.shape[:2]).mT
