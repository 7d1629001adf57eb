"""A residual that is not heard but chosen: that of one instrument, at every pitch."""

from typing import NamedTuple

import torch
from torch import Tensor

from lightning_modules.encoders.encoder import Term
from lightning_modules.encoders.residual import Residual
from synths import ClipFormat
from synths.signal import hz_to_midi


class Preset(NamedTuple):
    """The residual of one instrument: (n, D) at semitones from `lowest_midi` upwards, held beyond both ends."""

    lowest_midi: int
    residual: Tensor


class PresetResidual(Residual):
    """A residual that hears nothing: it follows the pitch alone.

    Args:
        clip: format of the run
        preset: that it gives
    """

    table: Tensor

    def __init__(self, clip: ClipFormat, preset: Preset) -> None:
        super().__init__(clip, preset.residual.shape[1])
        self.lowest_midi = preset.lowest_midi
        self.register_buffer("table", preset.residual.float())

    def forward(self, audio: Tensor, f0_hz: Tensor) -> tuple[Tensor, dict[str, Term]]:
        """(B, N) audio, (B, F) pitch -> (B, F, size), no terms."""
        last = len(self.table) - 1
        place = (hz_to_midi(f0_hz) - self.lowest_midi).clamp(0, last)
        below = place.floor().clamp(0, max(last - 1, 0)).long()
        above = (below + 1).clamp_max(last)
        return torch.lerp(self.table[below], self.table[above], (place - below)[..., None].to(self.table)), {}
