"""An instrument that is not heard but chosen: its residual and its knobs, at every pitch."""

from typing import NamedTuple

import torch
from torch import Tensor

from synths.signal import hz_to_midi


class Preset(NamedTuple):
    """One instrument of a model, at semitones from `lowest_midi` upwards, held beyond both ends.

    Shapes: residual (n, D); knobs (n, C) mean positions
    """

    lowest_midi: int
    residual: Tensor
    knobs: Tensor

    def residual_at(self, f0_hz: Tensor) -> Tensor:
        """(B, F) pitch in Hz -> (B, F, D), between semitones in a line."""
        return self._at(self.residual, f0_hz)

    def knobs_at(self, f0_hz: Tensor) -> Tensor:
        """(B, F) pitch in Hz -> (B, F, C) positions, between semitones in a line."""
        return self._at(self.knobs, f0_hz)

    def _at(self, table: Tensor, f0_hz: Tensor) -> Tensor:
        table, last = table.to(f0_hz), len(table) - 1
        place = (hz_to_midi(f0_hz) - self.lowest_midi).clamp(0, last)
        below = place.floor().clamp(0, max(last - 1, 0)).long()
        return torch.lerp(table[below], table[(below + 1).clamp_max(last)], (place - below)[..., None])
