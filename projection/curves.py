"""Curves: requests whose every frame counts, where others are judged in the mean."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from projection.frames import FrameProjection
from projection.playable import Playable
from projection.target import TOLERANCE_POSITION, Target
from synths.descriptors.descriptor import Descriptor

N_STEPS = (6, 4, 3, 3, 3, 3)
"""Rounds of the projection before each render."""


def follow_curves(
    playable: Playable,
    knobs: Sequence[Descriptor],
    asked: Tensor,
    active: Tensor,
    n_steps: Sequence[int] = N_STEPS,
) -> Tensor:
    """Bring each frame to where it was asked, as far as that goes.

    Where not all knobs of a frame can be met, a step of any knob's position costs the same: in least audible
    differences a curve of level, which has many, would be followed at the price of all others. What room, window and
    noise add to a frame is taken for the mean of what they added in the renders so far. No frame does another's part.

    Args:
        playable: what is played
        knobs: C descriptors, all of them `projectable`
        asked: (B, F / every, C) positions
        active: (B, F / every) True in the frames that are to meet them
        n_steps: rounds of the projection before each render

    Returns:
        (B, N) audio of the best renders, which may be the unchanged one
    """
    target, layers = Target(knobs), playable.layers()
    tolerance = torch.full_like(asked[:, 0], TOLERANCE_POSITION)
    projection = FrameProjection(knobs, layers, tolerance, playable.prior(layers), active)
    rows = torch.arange(len(asked), device=asked.device)
    audio = playable.unchanged.clone()
    heard = target.of_sound(audio, playable.f0_hz, playable.every)
    off, gap = _off(asked, heard, active), torch.zeros_like(heard)
    for n_rendered, n_rounds in enumerate(n_steps, 1):
        gap = torch.lerp(gap, heard - projection.all_measured(), 1.0 / n_rendered)
        projection.towards(asked - gap, n_rounds, beyond_reach=math.inf)
        now = playable.play(projection.all_gains(), rows)
        heard = target.of_sound(now, playable.f0_hz, playable.every)
        off_now = _off(asked, heard, active)
        better = off_now < off
        audio[better], off = now[better], torch.where(better, off_now, off)
    return audio


def _off(asked: Tensor, heard: Tensor, active: Tensor) -> Tensor:
    """(B,) distance of all knobs over the frames that are active."""
    return ((asked - heard).abs().sum(-1) * active).sum(-1)
