"""The layer of stiff strings, block by block."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from synths.streaming.harmonics import StreamingHarmonics
from synths.streaming.history import windows
from synths.streaming.part import State

if TYPE_CHECKING:
    from synths.strings import Strings


class StreamingStrings(StreamingHarmonics):
    """`StreamingHarmonics` whose every partial has a phase to itself.

    Args:
        part: the trained layer
    """

    name = "strings"

    def __init__(self, part: "Strings") -> None:
        super().__init__(part)
        self.n_partials = part.n_harmonics * len(part.tunings)

    def initial_state(self, batch: int) -> State:
        """Nothing sounded, and no frame had a pitch."""
        return super().initial_state(batch) | {"phase_turns": self.progress.new_zeros(batch, self.n_partials)}

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch and raw parameters -> (B, F * hop) audio and new state."""
        n_frames = f0_hz.shape[1]
        f0_hz = torch.cat([state["f0_hz"], f0_hz], dim=1)
        raw = torch.cat([parameters["harmonic_gain"], parameters["harmonic_balance"]], dim=-1)
        raw = torch.cat([state["raw"], raw], dim=1)
        hz = self._part.frequencies(f0_hz)
        new = self._part.shared(self._named(raw[:, :n_frames]), windows(hz, 3).amax(2) < self.nyquist_hz)
        amplitudes = torch.cat([state["amplitudes"], new], dim=1)
        played = self._part.on_each_string(amplitudes, hz[:, :-1])
        has_pitch = (f0_hz[:, :-2, None, None] >= 0).double()
        turns = self._turns_of(played["frequencies_hz"], has_pitch, state["phase_turns"])
        sines = torch.sin((2 * math.pi) * turns[..., :-1].to(raw.dtype))
        audio = ((windows(played["amplitudes"], 2) @ sines) * self.ramps).sum(2).flatten(1)
        return audio, {
            "f0_hz": f0_hz[:, n_frames:],
            "raw": raw[:, n_frames:],
            "amplitudes": amplitudes[:, n_frames:],
            "phase_turns": turns[:, -1, :, -1],
        }

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Its amplitudes and frequencies."""
        hz = self._part.frequencies(f0_hz)
        return self._part.on_each_string(self._part.shared(parameters, hz < self.nyquist_hz), hz)

    def raw(self, played: dict[str, Tensor]) -> dict[str, Tensor]:
        """Gain and balance of amplitudes, whose sum is 2 at most; those of two strings together."""
        return super().raw({"amplitudes": played["amplitudes"].unflatten(-1, (-1, self.n_harmonics)).sum(-2)})

    @property
    def _part(self) -> "Strings":
        return self.part  # type: ignore[return-value]

    def _turns_of(self, hz: Tensor, has_pitch: Tensor, phase_turns: Tensor) -> Tensor:
        """(B, F + 1, K) at the ends of hops, (B, K) phases -> (B, F, K, hop + 1) phases in -0.5..0.5 turns."""
        # Before the first frame the phase stands still, at a sine's zero: silence.
        ends = windows(hz, 2).double().mT * has_pitch
        progress = ends @ self.progress
        advance = progress[..., -1]
        turns = (phase_turns[:, None] + advance.cumsum(1) - advance)[..., None] + progress
        return turns - turns.round()
