"""Knobs that can be met frame by frame, and how far off they are."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from synths.descriptors.descriptor import Descriptor, measure_all, measure_all_layers
from synths.layers import Layers

TOLERANCE_POSITION = 0.05
"""The tolerance, as a share of the range, of a knob whose descriptor has no least audible difference."""


def projectable(descriptor: Descriptor | type[Descriptor]) -> bool:
    """Whether a single frame of what a synth plays can be measured."""
    kind = descriptor if isinstance(descriptor, type) else type(descriptor)
    return kind.rate == "frame" and kind.measure_layers is not Descriptor.measure_layers


class Target(NamedTuple):
    """C knobs, and the numbers that go with them: the `projectable` ones first."""

    knobs: Sequence[Descriptor]

    @property
    def n_projectable(self) -> int:
        """How many of them can be met frame by frame."""
        return sum(projectable(knob) for knob in self.knobs)

    @property
    def heard_only(self) -> "Target":
        """Those that only sound can tell."""
        return Target(self.knobs[self.n_projectable :])

    def of_layers(self, layers: Layers) -> Tensor:
        """What a synth plays -> (B, F, C) knob positions, of knobs that are all `projectable`."""
        if not self.knobs:
            return layers.f0_hz.new_zeros(*layers.f0_hz.shape, 0)
        return self.positions(measure_all_layers(self.knobs, layers))

    def of_sound(self, audio: Tensor, f0_hz: Tensor, every: int) -> Tensor:
        """(B, N) audio and its (B, F) pitch -> (B, F / every, C) knob positions."""
        shape = f0_hz[:, ::every].shape
        return self.positions([value.expand(shape) for value in measure_all(self.knobs, audio, f0_hz, every)])

    def tolerance(self, asked: Tensor) -> Tensor:
        """(..., C) positions -> (..., C) tolerance there, in positions: the least audible difference, if it is known.

        5 % of the range where it is not.
        """
        each = []
        for index, knob in enumerate(self.knobs):
            place = asked[..., index]
            if knob.jnd is None:
                each.append(torch.full_like(place, TOLERANCE_POSITION))
                continue
            value = knob.value_at(place)
            each.append(0.5 * (knob.position_of(value + knob.jnd) - knob.position_of(value - knob.jnd)))
        return torch.stack(each, dim=-1)

    def positions(self, values: Sequence[Tensor]) -> Tensor:
        """(B, F) readings of each knob -> (B, F, C) positions."""
        return torch.stack([knob.position_of(value) for knob, value in zip(self.knobs, values, strict=True)], dim=-1)
