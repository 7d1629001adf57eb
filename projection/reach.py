"""How far each knob goes while the others hold: on what a synth plays, frame by frame."""

from collections.abc import Sequence

import torch
from torch import Tensor

from projection.frames import FrameProjection
from synths.descriptors.descriptor import Descriptor
from synths.layers import Layers

HELD_WITHIN = 0.25
"""Tolerances that every knob may be off in a place that counts as reached."""
N_TRIALS = 8
"""The farthest place, and then halvings: to a 128th of the way there."""
N_STEPS = 6


@torch.no_grad()
def reach(
    knobs: Sequence[Descriptor], layers: Layers, home: Tensor, farthest: Tensor, tolerance: Tensor, prior: Tensor
) -> Tensor:
    """How far down and up a knob moves with the others held, by bisection.

    Args:
        knobs: C descriptors, all of them `projectable`
        layers: (1, F) frames of what is played
        home: (1, F, C) positions of all knobs, to start from and to hold; where a frame cannot be brought there, it
            starts from, and holds, what it comes to
        farthest: (C, 2) moves at most, down (negative) and up
        tolerance: (1, C) of each knob, in positions
        prior: (1, P, P) covariance of log gains

    Returns:
        (F, C, 2) moves down and up that were met, all knobs within a quarter of their tolerance
    """
    n_frames, n_knobs = home.shape[1:]
    # Every move of every knob is searched for in a lane by itself: first down, then up.
    lanes = layers.frames(lambda values: values.repeat_interleave(2 * n_knobs, dim=1))
    which = torch.eye(n_knobs).to(home).repeat_interleave(2, dim=0).repeat(n_frames, 1)
    goal = home[0].repeat_interleave(2 * n_knobs, dim=0)
    limit = farthest.to(home).flatten().repeat(n_frames)
    lanes, measured, met = _brought(knobs, lanes, goal, tolerance, prior)
    held = torch.where(met[:, None], goal, measured)
    reached, end, tried = torch.zeros_like(limit), limit.clone(), limit.clone()
    for _ in range(N_TRIALS):
        rows = (reached != end).nonzero()[:, 0]
        if not len(rows):
            break
        goal = held[rows] + which[rows] * tried[rows, None]
        nearer, _, met = _brought(knobs, _rows(lanes, rows), goal, tolerance, prior)
        lanes = _replaced(lanes, rows[met], _rows(nearer, met.nonzero()[:, 0]))
        reached[rows] = torch.where(met, tried[rows], reached[rows])
        end[rows] = torch.where(met, end[rows], tried[rows])
        tried = 0.5 * (reached + end)
    return reached.unflatten(0, (n_frames, n_knobs, 2))


def _brought(
    knobs: Sequence[Descriptor], layers: Layers, goal: Tensor, tolerance: Tensor, prior: Tensor
) -> tuple[Layers, Tensor, Tensor]:
    """(1, R) layers brought as near as can be to (R, C) positions -> layers, (R, C) measured, (R,) all knobs met."""
    projection = FrameProjection(knobs, layers, tolerance, prior)
    projection.towards(goal[None], N_STEPS)
    measured = projection.all_measured()[0]
    met = ((goal - measured).abs() <= HELD_WITHIN * tolerance).all(-1)
    return layers.scaled(projection.all_gains()), measured, met


def _rows(layers: Layers, rows: Tensor) -> Layers:
    return layers.frames(lambda values: values[:, rows])


def _replaced(layers: Layers, rows: Tensor, by: Layers) -> Layers:
    """The layers with some frames replaced, whose pitches are the same."""
    amplitudes, noise = (own.index_copy(1, rows, new) for own, new in zip(layers[1:3], by[1:3], strict=True))
    return layers._replace(amplitudes=amplitudes, noise_magnitudes=noise)
