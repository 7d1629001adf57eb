"""The least change of all frames together that moves a mean: frames that cannot do their part leave it to others."""

import torch
from torch import Tensor

from projection.frames import LARGEST_GAIN, LARGEST_STEP, FrameProjection
from projection.loudest import Loudest
from projection.playable import Playable
from projection.request import Request
from synths.descriptors.sounding import sounding_mean

N_STEPS = 3
NEAR = 0.02
"""Tolerances that a mean on layers may be off."""


class MeanProjection:
    """Moves the means of a projection's frames: all frames of a clip are asked by the same multipliers.

    Args:
        frames: whose gains are moved
        request: over what the mean is, and its tolerance
    """

    def __init__(self, frames: FrameProjection, request: Request) -> None:
        self.frames, self.request = frames, request
        self.n_clips = len(request.tolerance)
        self.loudest = Loudest(frames, request.asked)
        self.share = (1.0 / frames.active.sum(1).clamp_min(1))[frames.clip_of]
        heard_only = request.target.heard_only.knobs
        self.heard_slopes = frames.gains.new_zeros(len(frames.gains), len(heard_only), frames.gains.shape[-1])
        self.heard_moved = frames.gains.new_zeros(self.n_clips, len(heard_only))

    def mean(self) -> Tensor:
        """(B, C) mean positions on layers; of what only sound can tell, how far slopes say that it has moved."""
        return torch.cat([self._summed(self.share[:, None] * self.frames.measured), self.heard_moved], dim=-1)

    def hear(self, playable: Playable, clips: Tensor) -> None:
        """Learn how the (B,) clips that are True move in what only sound can tell, from their sound as it is."""
        target, frames, request = self.request.target.heard_only, self.frames, self.request
        if not target.knobs:
            return
        rows, n = clips.nonzero()[:, 0], len(target.knobs)
        with torch.inference_mode(False), torch.enable_grad():
            gains = frames.gains.detach().clone().requires_grad_()
            audio = playable.play(frames.everywhere(gains)[rows], rows)
            positions = target.of_sound(audio, playable.f0_hz[rows], playable.every)
            means = sounding_mean(positions, request.sounding[rows], request.judged) / request.tolerance[rows, -n:]
            each = [torch.autograd.grad(mean.sum(), gains, retain_graph=True)[0] for mean in means.unbind(-1)]
        # What a mean gains from a frame is its share of what the frame would.
        slopes = torch.stack(each, dim=1).nan_to_num(0.0, 0.0, 0.0) / self.share[:, None, None]
        chosen = clips[frames.clip_of]
        self.heard_slopes[chosen] = slopes[chosen]

    def shift(self, wanted: Tensor, weight: Tensor, going: Tensor) -> Tensor:
        """Move the (B,) clips that go on by (B, C) tolerances, and say by how many they moved.

        Args:
            wanted: tolerances
            weight: (B, C) of each knob where not all can be moved as wanted
            going: which clips
        """
        start = self.mean()
        damping = torch.full_like(wanted[:, 0], 1e-3)
        for _ in range(N_STEPS):
            owed = weight * (wanted - (self.mean() - start) / self.request.tolerance)
            clips = going & (owed.abs().amax(-1) > NEAR)
            if not clips.any():
                break
            self._step(owed, weight, start + wanted * self.request.tolerance, damping, clips)
        return (self.mean() - start) / self.request.tolerance

    def _step(self, owed: Tensor, weight: Tensor, goal: Tensor, damping: Tensor, clips: Tensor) -> None:
        """One trial, kept in the clips that come nearer; the (B,) damping of the others grows."""
        frames = self.frames
        rows = clips[frames.clip_of].nonzero()[:, 0]
        slopes = torch.cat([frames.slopes_here(rows), self.heard_slopes[rows]], dim=1)
        weighted = weight[frames.clip_of[rows]][..., None] * slopes
        spread = frames.likely(weighted, rows)
        system = self._summed(self.share[rows][:, None, None] * (weighted @ spread.mT), rows)
        steep = system.diagonal(dim1=-2, dim2=-1).amax(-1).clamp_min(1e-6)
        multipliers = torch.linalg.solve(
            system + (damping * steep)[:, None, None] * torch.eye(owed.shape[-1]).to(owed), owed
        )
        step = (multipliers[frames.clip_of[rows]][:, None] @ spread)[:, 0]
        limit = (LARGEST_STEP / step.abs().amax(-1, keepdim=True).clamp_min(1e-9)).clamp_max(1.0)
        tried = (frames.gains[rows] + limit * step).clamp(-LARGEST_GAIN, LARGEST_GAIN)
        tried, measured = self.loudest.lowered(rows, tried, frames.with_gains(rows, tried))
        applied = tried - frames.gains[rows]
        heard = (self.heard_slopes[rows] @ applied[..., None])[..., 0] * self._heard_tolerance()[frames.clip_of[rows]]
        moves = torch.cat([measured - frames.measured[rows], heard], dim=-1)
        moved = self._summed(self.share[rows][:, None] * moves, rows)
        left = weight * (goal - self.mean() - moved) / self.request.tolerance
        nearer = left.square().sum(-1) < owed.square().sum(-1)
        damping.copy_(torch.where(clips, torch.where(nearer, damping / 5.0, damping * 20.0), damping))
        kept = nearer[frames.clip_of[rows]]
        frames.put(rows[kept], tried[kept], measured[kept])
        self.heard_moved += torch.where((clips & nearer)[:, None], moved[:, frames.measured.shape[-1] :], 0.0)

    def _heard_tolerance(self) -> Tensor:
        return self.request.tolerance[:, self.frames.measured.shape[-1] :]

    def _summed(self, values: Tensor, rows: Tensor | None = None) -> Tensor:
        """(R, ...) values of some rows -> (B, ...) their sums over the frames of each clip."""
        clip_of = self.frames.clip_of if rows is None else self.frames.clip_of[rows]
        return values.new_zeros(self.n_clips, *values.shape[1:]).index_add(0, clip_of, values)
