"""How often training notes had which pitch, and which reading of each knob: what recordings can be matched to."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from synths.descriptors.knob_range import MOST
from synths.signal import hz_to_midi

N_QUANTILES = 101
N_SEMITONES = 128
"""MIDI numbers 0 to 127."""


class TrainingFrames(nn.Module):
    """Quantiles of every knob and a histogram of pitches over the training frames that sound, kept as buffers.

    Zeros where nothing was learnt: a checkpoint of before they were kept loads.

    Args:
        n_knobs: C
    """

    quantiles: Tensor
    pitches: Tensor

    def __init__(self, n_knobs: int) -> None:
        super().__init__()
        self.register_buffer("quantiles", torch.zeros(n_knobs, N_QUANTILES))
        self.register_buffer("pitches", torch.zeros(N_SEMITONES))

    @property
    def known(self) -> bool:
        """Whether something was learnt."""
        return bool(self.pitches.any())

    @torch.no_grad()
    def learn(self, readings: Sequence[Tensor], f0_hz: Tensor) -> None:
        """Take (n,) readings of each knob, in its unit, and the (n,) pitches in Hz of the same frames."""
        semitone = hz_to_midi(f0_hz).round().long().clamp(0, N_SEMITONES - 1)
        counts = torch.bincount(semitone, minlength=N_SEMITONES)
        self.pitches.copy_(counts / counts.sum())
        share = torch.linspace(0.0, 1.0, N_QUANTILES, dtype=torch.float64, device=self.quantiles.device)
        for place, values in enumerate(readings):
            thinned = values.double()[:: 1 + (len(values) - 1) // MOST]
            self.quantiles[place] = torch.quantile(thinned, share.to(thinned.device))

    def pitch_ends(self, low: float = 0.02, high: float = 0.98) -> tuple[int, int]:
        """Lowest and highest MIDI number of what lies between these shares of the training frames."""
        below = self.pitches.double().cumsum(0)
        return int((below <= low).sum()), int((below < high - 1e-6).sum())

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        nothing = {f"{prefix}{name}": torch.zeros_like(value) for name, value in self.named_buffers()}
        super()._load_from_state_dict({**nothing, **state_dict}, prefix, *rest)
