"""The harmonic layer: one overall gain and a balance of partials."""

import math
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.oscillator import audible_harmonics, oscillator_bank
from synths.part import Part
from synths.signal import exp_sigmoid

if TYPE_CHECKING:
    from synths.streaming import StreamingHarmonics


class Harmonics(Part):
    """Sum of harmonics of the pitch, none of them above Nyquist (Engel et al. 2020, section 3.2).

    Args:
        clip: format of the run
        n_harmonics: K; by default as many as reach Nyquist from an 80 Hz fundamental
        upsampling: how amplitudes go from frame to frame: in a line, or along the rise of a Hann window
        backend: what computes the sum (`oscillator_bank`)
    """

    window: Tensor | None

    def __init__(
        self,
        clip: ClipFormat,
        n_harmonics: int | None = None,
        upsampling: Literal["linear", "hann"] = "linear",
        backend: Literal["auto", "torch", "numba", "triton"] = "auto",
    ) -> None:
        super().__init__()
        self.clip = clip
        self.backend = backend
        if upsampling not in ("linear", "hann"):
            raise ValueError(f"upsampling is {upsampling!r}; it is linear or hann.")
        rise = 0.5 - 0.5 * torch.cos(math.pi * torch.arange(clip.hop) / clip.hop)
        self.register_buffer("window", rise if upsampling == "hann" else None, persistent=False)
        self.n_harmonics = round(clip.nyquist_hz / 80.0) if n_harmonics is None else n_harmonics
        if self.n_harmonics < 1:
            raise ValueError(f"n_harmonics is {self.n_harmonics}: a tone needs at least 1.")
        self.sizes = {"harmonic_gain": 1, "harmonic_balance": self.n_harmonics}

    def amplitudes(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """Raw parameters -> (B, F, K) amplitudes: the balance shares the gain among the audible partials only."""
        index = torch.arange(1, self.n_harmonics + 1, device=f0_hz.device)
        audible = audible_harmonics(f0_hz, self.n_harmonics, self.clip.sample_rate)
        return self.shared(parameters, index <= audible[..., None])

    def shared(self, parameters: dict[str, Tensor], sounds: Tensor) -> Tensor:
        """Raw parameters, (B, F, K) which partials may sound -> (B, F, K) amplitudes, the gain shared among those."""
        balance = exp_sigmoid(parameters["harmonic_balance"]) * sounds
        return exp_sigmoid(parameters["harmonic_gain"]) * balance / balance.sum(-1, keepdim=True).clamp_min(1e-7)

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Its amplitudes, under their name in `Layers`."""
        return {"amplitudes": self.amplitudes(f0_hz, parameters)}

    def play(self, f0_hz: Tensor, played: dict[str, Tensor], white_noise: Tensor | None = None) -> Tensor:
        """(B, F) pitch and (B, F, K) amplitudes -> (B, N) audio."""
        amplitudes = played["amplitudes"]
        return oscillator_bank(f0_hz, amplitudes, self.clip.hop, self.clip.sample_rate, self.window, self.backend)

    def start(self, tone: float, noise: float, noise_rise: float) -> dict[str, Tensor]:
        """All partials alike."""
        return {"harmonic_gain": torch.full((1,), tone), "harmonic_balance": torch.zeros(self.n_harmonics)}

    def streaming(self) -> "StreamingHarmonics":
        """The harmonics, two frames late."""
        from synths.streaming.harmonics import StreamingHarmonics  # which knows the part

        return StreamingHarmonics(self)
