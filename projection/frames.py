"""Levenberg-Marquardt, frame by frame: the least likely change undone, the request met."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from projection.target import Target
from synths.descriptors.descriptor import Descriptor

LARGEST_STEP = 2.0
"""In a log gain: 17 dB, beyond which slopes say little."""
LARGEST_GAIN = 9.0
"""In nepers, 78 dB to either side: all of a knob of level."""
STILL = 1e-3
"""Weight of the whole change against the errors: little enough to be met, enough to be undone when it can be."""
CLOSE = 0.01
"""Tolerances that a frame may be off to be left as it is."""
HELD_FIRST = 0.1
"""Weight of a turned knob in a frame that cannot meet it: the others are to hold."""
FARTHEST = 3.0
"""Tolerances that such a knob pulls with, however far off it is."""
BEYOND_REACH = 0.5
"""Tolerances off after steps that changed little: a frame that cannot."""
HOPELESS = 1e3
"""Damping of a frame that comes no nearer."""
WELL = 0.1
"""Share of the squared error left by a step whose slopes still serve."""
_FRAMES_TOGETHER = 512  # their spectra stay in the cache of a core


class FrameProjection:
    """Log gains on what a synth is about to play that bring each frame's knobs to a goal.

    Each frame is solved by itself, with its own damping; a step that does not come nearer is not taken. A frame is only
    measured again until its slopes are known badly: between, they follow by Broyden's rule.

    Args:
        knobs: C descriptors, all of them `projectable`
        layers: (B, F) frames of what is played without a change: `Layers`, or what `positions` can measure
        tolerance: (B, C) of each knob, in positions
        prior: (B, P, P) covariance of the log gains; P = K + M, partials and then noise bands
        active: (B, F) True in the frames that are to meet a goal; by default all
        turned: (B, C) True for knobs that may miss where not all can be met; by default none
        still: weight of the whole change against the errors
    """

    def __init__(
        self,
        knobs: Sequence[Descriptor],
        layers: Any,
        tolerance: Tensor,
        prior: Tensor,
        active: Tensor | None = None,
        turned: Tensor | None = None,
        still: float = STILL,
    ) -> None:
        self.target, self.prior, self.still = Target(knobs), prior, still
        self.active = torch.ones_like(layers.f0_hz, dtype=torch.bool) if active is None else active.bool()
        self.clip_of = self.active.nonzero()[:, 0]
        self.layers = layers.frames(lambda values: values[self.active][None])
        self.tolerance = tolerance[self.clip_of]
        self.turned = torch.zeros_like(self.tolerance, dtype=torch.bool) if turned is None else turned[self.clip_of]
        n_rows, n_gains = len(self.clip_of), prior.shape[-1]
        self.gains = layers.f0_hz.new_zeros(n_rows, n_gains)
        self.pull = torch.zeros_like(self.gains)  # the gains are prior @ pull
        self.slopes = layers.f0_hz.new_zeros(n_rows, len(knobs), n_gains)
        self.damping = layers.f0_hz.new_full((n_rows,), 1e-2)
        self.known = torch.zeros(n_rows, dtype=torch.bool, device=self.active.device)
        self.fresh = self.known.clone()  # slopes of where the frame is, not of where it was
        self.weight = torch.ones_like(self.tolerance)
        self.start = self._measure(self.layers, self.gains)
        self.measured = self.start.clone()

    def towards(
        self, goal: Tensor, n_steps: int, clips: Tensor | None = None, beyond_reach: float = BEYOND_REACH
    ) -> None:
        """Take steps towards (B, F, C) positions, in all clips or in the (B,) that are True.

        A turned knob that stays farther off than `beyond_reach` tolerances, and comes no nearer, counts little from
        then on.
        """
        goal = goal[self.active]
        taking_part = torch.ones_like(self.known) if clips is None else clips[self.clip_of]
        first = (self.weight * self._off(self.measured, goal)).square().sum(-1)
        taking_part &= goal.isfinite().all(-1) & self.measured.isfinite().all(-1)
        for _ in range(n_steps):
            off = self._off(self.measured, goal)
            rows = (taking_part & (self.damping < HOPELESS) & ((self.weight * off).abs().amax(-1) > CLOSE)).nonzero()[
                :, 0
            ]
            if not len(rows):
                break
            self._learn_slopes(rows[~self.known[rows]])
            self._step(rows, off[rows], goal[rows])
        off = self._off(self.measured, goal)
        stalled = taking_part & ((self.weight * off).square().sum(-1) > 0.5 * first)
        beyond = (off.abs() > beyond_reach) & self.turned & stalled[:, None]
        beyond |= self.weight < 1.0
        self.weight = torch.where(beyond, HELD_FIRST * (FARTHEST / off.abs()).clamp_max(1.0), 1.0)

    def begin_again(self, clips: Tensor) -> None:
        """Take back what was done in the (B,) clips that are True; the turned knobs count little from the begin."""
        rows = clips[self.clip_of]
        self.gains[rows], self.pull[rows], self.measured[rows] = 0.0, 0.0, self.start[rows]
        self.known[rows], self.damping[rows] = False, 1e-2
        self.weight = torch.where(rows[:, None] & self.turned, HELD_FIRST, self.weight)

    def all_gains(self) -> Tensor:
        """(B, F, P) log gains; a frame that is not active has those of the nearest that is, or 0 if there is none."""
        return self.everywhere(self.gains)

    def everywhere(self, values: Tensor) -> Tensor:
        """(R, V) values of the active frames -> (B, F, V), others as the nearest that is active, or 0."""
        spread = values.new_zeros(*self.active.shape, values.shape[-1])
        spread[self.active] = values
        nearest, any_active = _nearest(self.active)
        return spread.gather(1, nearest[..., None].expand_as(spread)) * any_active[:, None, None]

    def all_measured(self) -> Tensor:
        """(B, F, C) positions on layers, 0 in frames that are not active."""
        spread = self.measured.new_zeros(*self.active.shape, self.measured.shape[-1])
        spread[self.active] = self.measured
        return spread

    def all_start(self) -> Tensor:
        """(B, F, C) the same of layers without a gain."""
        spread = self.start.new_zeros(*self.active.shape, self.start.shape[-1])
        spread[self.active] = self.start
        return spread

    def with_gains(self, rows: Tensor, gains: Tensor) -> Tensor:
        """(R,) rows with (R, P) other gains -> (R, C) positions on layers."""
        return self._measure(self.layers_of(rows), gains)

    def put(self, rows: Tensor, gains: Tensor, measured: Tensor) -> None:
        """Give (R,) rows (R, P) gains, with which they measure (R, C)."""
        self.gains[rows], self.measured[rows] = gains, measured
        self.known[rows] = self.fresh[rows] = False

    def slopes_here(self, rows: Tensor) -> Tensor:
        """(R, C, P) slopes of these rows, learnt where they are now."""
        self._learn_slopes(rows[~self.fresh[rows]])
        return self.slopes[rows]

    def likely(self, slopes: Tensor, rows: Tensor) -> Tensor:
        """(R, C, P) slopes of these rows -> the changes of gains that are likeliest to go with them."""
        return self._times_prior(slopes, rows)

    def _off(self, measured: Tensor, goal: Tensor) -> Tensor:
        return (goal - measured) / self.tolerance

    def _step(self, rows: Tensor, off: Tensor, goal: Tensor) -> None:
        """One trial for some rows, kept where it comes nearer."""
        weight, damping = self.weight[rows], self.damping[rows]
        slopes, gains, pull = self.slopes[rows], self.gains[rows], self.pull[rows]
        weighted = weight[..., None] * slopes
        spread = self._times_prior(weighted, rows)
        share = (self.still / (self.still + damping))[:, None]
        system = weighted @ spread.mT + (self.still + damping)[:, None, None] * torch.eye(off.shape[-1]).to(off)
        wanted = weight * off + share * (weighted @ gains[..., None])[..., 0]
        # Slopes so steep that two of them look alike give no step: it fails, and is damped more.
        answer = torch.linalg.solve_ex(system, wanted).result.nan_to_num(0.0, 0.0, 0.0)[:, None]
        step, pulled = ((answer @ each)[:, 0] - share * now for each, now in ((spread, gains), (weighted, pull)))
        limit = (LARGEST_STEP / step.abs().amax(-1, keepdim=True).clamp_min(1e-9)).clamp_max(1.0)
        step, pulled = step * limit, pulled * limit
        tried = gains + step
        measured = self._measure(self.layers_of(rows), tried)
        now_off = (goal - measured) / self.tolerance[rows]
        before, after = ((weight * each).square().sum(-1) for each in (off, now_off))
        kept = (after < before) & (tried.abs().amax(-1) <= LARGEST_GAIN)
        self.damping[rows] = torch.where(kept, damping / 5.0, damping * 8.0).clamp(1e-4, 1e4)
        # A step that failed on slopes of another place says that they are to be learnt here; one that did well, that
        # they still serve.
        self.known[rows] = torch.where(kept, after < WELL * before, self.fresh[rows])
        self.fresh[rows] &= ~kept
        surprise = (off - now_off - (slopes @ step[..., None])[..., 0])[kept]
        length = (step * pulled).sum(-1)[kept].clamp_min(1e-12)
        chosen = rows[kept]
        self.slopes[chosen] += (surprise / length[:, None])[..., None] * pulled[kept][:, None]
        self.gains[chosen], self.pull[chosen] = tried[kept], pull[kept] + pulled[kept]
        self.measured[chosen] = measured[kept]

    def _times_prior(self, slopes: Tensor, rows: Tensor) -> Tensor:
        """(R, C, P) @ each clip's prior: rows of one clip follow each other."""
        counts = torch.bincount(self.clip_of[rows], minlength=len(self.prior)).tolist()
        parts = slopes.split(counts)
        return torch.cat([part @ prior for part, prior in zip(parts, self.prior, strict=True)])

    def layers_of(self, rows: Tensor) -> Any:
        """Some rows of the layers, (1, R, ...)."""
        return self.layers.frames(lambda values: values[:, rows])

    def positions(self, layers: Any, gains: Tensor) -> Tensor:
        """(1, R) layers and (R, P) gains on them -> (R, C) positions; differentiable."""
        return self.target.of_layers(layers.scaled(gains[None]))[0]

    @torch.no_grad()
    def _measure(self, layers: Any, gains: Tensor) -> Tensor:
        """(1, R) layers and (R, P) gains -> (R, C) positions."""
        if not len(gains):
            return gains.new_zeros(0, len(self.target.knobs))
        parts = [self.positions(some, own) for some, own in _few(layers, gains)]
        return torch.cat(parts)

    @torch.inference_mode(False)
    @torch.enable_grad()
    def _learn_slopes(self, rows: Tensor) -> None:
        """Slopes of all knobs in some rows, in tolerances per neper."""
        if not len(rows) or not self.target.knobs:
            return
        parts = []
        for some, own in _few(self.layers_of(rows), self.gains[rows]):
            own = own.detach().clone().requires_grad_()
            positions = self.positions(some.frames(torch.clone), own)
            # No frame depends on another's gains: the slope of their sum is the slope of each.
            each = [torch.autograd.grad(p.sum(), own, retain_graph=True)[0] for p in positions.unbind(-1)]
            parts.append(torch.stack(each, dim=1))
        self.slopes[rows] = torch.cat(parts) / self.tolerance[rows][..., None]
        self.known[rows] = self.fresh[rows] = True


def _few(layers: Any, gains: Tensor) -> Iterator[tuple[Any, Tensor]]:
    """A few frames at a time."""
    for start in range(0, len(gains), _FRAMES_TOGETHER):
        part = torch.arange(start, min(start + _FRAMES_TOGETHER, len(gains)), device=gains.device)
        yield layers.frames(partial(torch.index_select, dim=1, index=part)), gains[part]


def _nearest(active: Tensor) -> tuple[Tensor, Tensor]:
    """(B, F) -> (B, F) index of the nearest active frame, (B,) whether there is one."""
    frame = torch.arange(active.shape[1], device=active.device)
    apart = (frame[:, None] - frame).abs()[None] + (~active[:, None]) * 2 * active.shape[1]
    return apart.argmin(-1), active.any(1)
