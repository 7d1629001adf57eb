"""Between the unit of a descriptor and the position of a knob."""

from typing import Literal

import torch
from torch import Tensor, nn

from synths.signal import hz_to_midi

LOWEST_MIDI, HIGHEST_MIDI, STEP_SEMITONES = 21, 117, 6
FEWEST = 50
"""Values that a pitch needs for a range of its own."""
MOST = 2**24
"""Values that torch.quantile takes."""


class KnobRange(nn.Module):
    """What positions 0 and 1 of a knob are in its unit, and what notes of each pitch reach.

    Taken from the training split once, stored in the checkpoint.

    Args:
        span: the ends before any data was seen
        curve: equal steps of position are equal differences ("linear") or equal ratios ("log") in the unit
    """

    span: Tensor
    by_pitch: Tensor
    pitches_midi: Tensor

    def __init__(self, span: tuple[float, float], curve: Literal["linear", "log"] = "linear") -> None:
        super().__init__()
        self.default_span, self.curve = span, curve
        pitches_midi = torch.arange(LOWEST_MIDI, HIGHEST_MIDI + 1, STEP_SEMITONES, dtype=torch.get_default_dtype())
        self.register_buffer("pitches_midi", pitches_midi, persistent=False)
        self.register_buffer("span", torch.tensor(span))
        self.register_buffer("by_pitch", torch.tensor(span).repeat(len(pitches_midi), 1))

    def position_of(self, value: Tensor) -> Tensor:
        """Value in the descriptor's unit -> knob position."""
        low, high = self.span
        if self.curve == "log":
            return (value.clamp_min(1e-3 * low) / low).log() / (high / low).log()
        return (value - low) / (high - low)

    def value_at(self, position: Tensor) -> Tensor:
        """Knob position -> value in the descriptor's unit."""
        low, high = self.span
        return low * (high / low) ** position if self.curve == "log" else low + position * (high - low)

    def reach(self, f0_hz: Tensor) -> tuple[Tensor, Tensor]:
        """Pitches in Hz, of any shape -> lowest and highest knob position that training notes near them reach."""
        place = (hz_to_midi(f0_hz) - LOWEST_MIDI) / STEP_SEMITONES
        place = place.clamp(0.0, len(self.pitches_midi) - 1.0)
        below = place.floor().clamp_max(len(self.pitches_midi) - 2.0)
        ends = torch.lerp(self.by_pitch[below.long()], self.by_pitch[below.long() + 1], (place - below)[..., None])
        low, high = self.position_of(ends).unbind(-1)
        return low, high

    @torch.no_grad()
    def calibrate(self, values: Tensor, f0_hz: Tensor, percentiles: tuple[float, float]) -> None:
        """Set the ends to percentiles of measured (n,) values at (n,) pitches; a degenerate range keeps the default.

        A pitch takes the values within an octave around it; one that has fewer than 50 takes those of the nearest that
        has enough.
        """
        values, midi = values.double(), hz_to_midi(f0_hz)
        ends = _percentiles(values, percentiles)
        if ends[1] - ends[0] <= 1e-3 * (self.default_span[1] - self.default_span[0]):
            ends = torch.tensor(self.default_span, dtype=torch.float64, device=values.device)
        self.span.copy_(ends)
        near = [(midi - centre).abs() <= STEP_SEMITONES for centre in self.pitches_midi]
        known = [place for place, mask in enumerate(near) if mask.sum() >= FEWEST]
        for place in range(len(near)):
            nearest = min(known, key=lambda other: abs(other - place), default=None)
            self.by_pitch[place] = self.span if nearest is None else _percentiles(values[near[nearest]], percentiles)


def _percentiles(values: Tensor, percentiles: tuple[float, float]) -> Tensor:
    values = values[:: 1 + (len(values) - 1) // MOST]
    return torch.quantile(values, values.new_tensor(percentiles) / 100.0)
