"""A recording brought to where a model is at home: octaves, and a map for every knob."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lightning_modules.encoders.training_frames import N_QUANTILES, TrainingFrames
from synths import Descriptor
from synths.signal import hz_to_midi

MOST_OCTAVES = 4
MOST_STRETCHED = 2.0
"""How far a knob's own movement may grow: a single held note is moved, and not made a tune of."""


class KnobMap(NamedTuple):
    """From the positions that a recording has of one knob to those that training notes have.

    Attributes:
        source, goal: (101,) positions, both rising
    """

    source: Tensor
    goal: Tensor

    @classmethod
    def between(cls, source: Tensor, training: Tensor) -> "KnobMap":
        """The map of quantiles to quantiles, each (101,); less of it where it would stretch more than twofold."""
        middle = N_QUANTILES // 2
        spreads = [each[90 * N_QUANTILES // 100] - each[N_QUANTILES // 10] for each in (source, training)]
        share = ((MOST_STRETCHED - 1.0) * spreads[0] / spreads[1].clamp_min(1e-9)).clamp(0.0, 1.0)
        moved = (source - source[middle] + training[middle]).clamp(training[0], training[-1])
        return cls(source, torch.lerp(moved, training, share))

    def __call__(self, positions: Tensor) -> Tensor:
        """Positions of any shape -> where they go; beyond the ends as far as the ends do."""
        inside = positions.clamp(self.source[0], self.source[-1])
        places, source, goal = (each.double().cpu().numpy() for each in (inside, self.source, self.goal))
        mapped = np.interp(places, source, goal)
        return positions - inside + torch.as_tensor(mapped).to(positions)


def octaves_to(training: TrainingFrames, f0_hz: Tensor) -> int:
    """By how many octaves to play pitches, in Hz, that most of them lie where nearly all training pitches do.

    Between the 2nd and the 98th percentile of the training frames; of shifts that do equally well, the least.
    """
    shifts = sorted(range(-MOST_OCTAVES, MOST_OCTAVES + 1), key=lambda each: (abs(each), each))
    return max(shifts, key=lambda each: round(share_at_home(training, f0_hz, each), 3))


def share_at_home(training: TrainingFrames, f0_hz: Tensor, octaves: int = 0) -> float:
    """Share of the pitches, in Hz, that lie there when they are played so many octaves higher."""
    low, high = training.pitch_ends()
    semitone = (hz_to_midi(f0_hz) + 12.0 * octaves).round()
    return float(((semitone >= low) & (semitone <= high)).double().mean()) if len(f0_hz) else 0.0


def knob_maps(training: TrainingFrames, descriptors: Sequence[Descriptor], positions: Tensor) -> list[KnobMap]:
    """A map for every knob.

    Args:
        training: of the model
        descriptors: its C knobs
        positions: (n, C) of the recording where it sounds
    """
    share = torch.linspace(0.0, 1.0, N_QUANTILES, dtype=torch.float64)
    maps = []
    for index, descriptor in enumerate(descriptors):
        source = torch.quantile(positions[:, index].double(), share)
        maps.append(KnobMap.between(source, descriptor.position_of(training.quantiles[index]).double()))
    return maps


def shares_within(training: TrainingFrames, descriptors: Sequence[Descriptor], positions: Tensor) -> Tensor:
    """(n, C) positions -> (C,) share of them between the 1st and the 99th percentile of the training frames."""
    each = []
    for index, descriptor in enumerate(descriptors):
        home = descriptor.position_of(training.quantiles[index])
        each.append(((positions[:, index] >= home[1]) & (positions[:, index] <= home[-2])).double().mean())
    return torch.stack(each)
