"""A residual that is not heard but chosen: that of one instrument, at every pitch."""

from typing import NamedTuple

import torch
from torch import Tensor

from synths.signal import hz_to_midi


class Preset(NamedTuple):
    """The residual of one instrument: (n, D) at semitones from `lowest_midi` upwards, held beyond both ends."""

    lowest_midi: int
    residual: Tensor

    def at(self, f0_hz: Tensor) -> Tensor:
        """(B, F) pitch in Hz -> (B, F, D), between semitones in a line."""
        table, last = self.residual.to(f0_hz), len(self.residual) - 1
        place = (hz_to_midi(f0_hz) - self.lowest_midi).clamp(0, last)
        below = place.floor().clamp(0, max(last - 1, 0)).long()
        return torch.lerp(table[below], table[(below + 1).clamp_max(last)], (place - below)[..., None])
