"""The harmonic layer, block by block."""

import copy
import math

import torch
from torch import Tensor

from synths.harmonics import Harmonics
from synths.streaming.history import windows
from synths.streaming.part import State, StreamingPart, exp_sigmoid_input


class StreamingHarmonics(StreamingPart):
    """Every partial of a block evaluated directly: a block is short, so a sine per partial and sample is affordable.

    Two frames late: hop t runs from frame t to t + 1, and whether a partial sounds at t + 1 depends on frame t + 2.

    State: pitch of the last two frames (-1 where there was none yet), raw parameters of the last, amplitudes of the
    one before, and the phase in turns, in float64 so that an hour stays in tune.

    Args:
        part: the trained layer
    """

    name = "harmonics"
    latency_frames = 2
    progress: Tensor
    audible_below_hz: Tensor
    radians: Tensor
    ramps: Tensor

    def __init__(self, part: Harmonics) -> None:
        super().__init__()
        self.part = copy.deepcopy(part).cpu()
        self.hop, self.n_harmonics, self.nyquist_hz = part.clip.hop, part.n_harmonics, part.clip.nyquist_hz
        j = torch.arange(self.hop + 1, dtype=torch.float64)
        bend = j * (j - 1) / (2 * self.hop)
        far = j[:-1] / self.hop if part.window is None else part.window.cpu()
        partial = torch.arange(1, part.n_harmonics + 1, dtype=torch.float64)
        # Turns since the hop's start, per Hz at its two ends; the last column is where the next hop starts.
        self.register_buffer("progress", torch.stack([j - bend, bend]) / part.clip.sample_rate, persistent=False)
        self.register_buffer("audible_below_hz", _rounded_up(part.clip.nyquist_hz / partial), persistent=False)
        self.register_buffer("radians", (2 * math.pi * partial).float()[:, None], persistent=False)
        self.register_buffer("ramps", torch.stack([1 - far, far]).float(), persistent=False)

    def initial_state(self, batch: int) -> State:
        """Nothing sounded, and no frame had a pitch."""
        return {
            "f0_hz": self.radians.new_full((batch, 2), -1.0),
            "raw": self.radians.new_zeros(batch, 1, 1 + self.n_harmonics),
            "amplitudes": self.radians.new_zeros(batch, 1, self.n_harmonics),
            "phase_turns": self.progress.new_zeros(batch, 1),
        }

    def state_limits(self) -> dict[str, float]:
        """Pitches below Nyquist, gains that are not beyond all change, amplitudes of at most 2, a turn."""
        return {"f0_hz": self.nyquist_hz, "raw": 100.0, "amplitudes": 2.1, "phase_turns": 1.0}

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch and raw parameters -> (B, F * hop) audio and new state."""
        n_frames = f0_hz.shape[1]
        f0_hz = torch.cat([state["f0_hz"], f0_hz], dim=1)
        raw = torch.cat([parameters["harmonic_gain"], parameters["harmonic_balance"]], dim=-1)
        raw = torch.cat([state["raw"], raw], dim=1)
        amplitudes = torch.cat([state["amplitudes"], self._amplitudes(f0_hz, raw[:, :n_frames])], dim=1)
        turns = self._turns(f0_hz[:, :-1], state["phase_turns"])
        partials = torch.sin(turns[:, :, None, :-1].float() * self.radians)
        audio = ((windows(amplitudes, 2) @ partials) * self.ramps).sum(2).flatten(1)
        return audio, {
            "f0_hz": f0_hz[:, n_frames:],
            "raw": raw[:, n_frames:],
            "amplitudes": amplitudes[:, n_frames:],
            "phase_turns": turns[:, -1, -1:],
        }

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Its amplitudes."""
        return {"amplitudes": self.part.shared(parameters, f0_hz[..., None] < self.audible_below_hz)}

    def raw(self, played: dict[str, Tensor]) -> dict[str, Tensor]:
        """Gain and balance of amplitudes, whose sum is 2 at most."""
        amplitudes = played["amplitudes"]
        gain, strongest = amplitudes.sum(-1, keepdim=True), amplitudes.amax(-1, keepdim=True)
        return {
            "harmonic_gain": exp_sigmoid_input(gain),
            "harmonic_balance": exp_sigmoid_input(amplitudes / strongest.clamp_min(1e-30)),
        }

    def finish(self, state: State) -> Tensor:
        """The last two hops."""
        last_hz, raw = state["f0_hz"][:, 1:], state["raw"].expand(-1, 2, -1)
        # Offline the amplitudes of the last frame are held, so the pitch after it must leave its partials as they are.
        f0_hz = torch.cat([last_hz, state["f0_hz"].amax(1, keepdim=True)], dim=1)
        return self(f0_hz, self._named(raw), state)[0]

    def _amplitudes(self, f0_hz: Tensor, raw: Tensor) -> Tensor:
        """(B, F + 2) pitch, (B, F, 1 + K) raw parameters of the inner frames -> their (B, F, K) amplitudes."""
        highest = windows(f0_hz[..., None], 3).amax(2)
        return self.part.shared(self._named(raw), highest < self.audible_below_hz)

    def _named(self, raw: Tensor) -> dict[str, Tensor]:
        """(B, F, 1 + K) raw parameters -> by their names."""
        gain, balance = raw.split([1, self.n_harmonics], dim=-1)
        return {"harmonic_gain": gain, "harmonic_balance": balance}

    def _turns(self, f0_hz: Tensor, phase_turns: Tensor) -> Tensor:
        """(B, F + 1) pitch at the ends of hops, (B, 1) phase -> (B, F, hop + 1) phase in -0.5..0.5 turns."""
        # Before the first frame the phase stands still, at a sine's zero: silence.
        ends = windows(f0_hz[..., None], 2).squeeze(-1).double() * (f0_hz[:, :-1, None] >= 0)
        progress = ends @ self.progress
        advance = progress[..., -1]
        turns = (phase_turns + advance.cumsum(1) - advance)[..., None] + progress
        return turns - turns.round()


def _rounded_up(x: Tensor) -> Tensor:
    """The least float32 that is not below x: f < x and f < rounded_up(x) are then the same for every float32 f."""
    y = x.float()
    return torch.where(y.double() < x, torch.nextafter(y, torch.full_like(y, math.inf)), y)
