"""The layer of stiff strings: partials above the harmonics, high ones farther above than low ones."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.harmonics import Harmonics
from synths.oscillator import audible_partials, free_bank
from synths.stiff_pitch import stiff_note
from synths.stiffness import RIGAUD, deviations_from, fitted_curve, one_stiffness, stiffness_on, stretch

if TYPE_CHECKING:
    from synths.streaming.strings import StreamingStrings


class Strings(Harmonics):
    """Partials k of the pitch at k f0 sqrt(1 + B k^2), none of them above Nyquist: piano, guitar, harp.

    How stiff the string of a pitch is, B, is not learnt by descent: calibration measures it on training notes and keeps
    a curve over pitch and how far each semitone's strings are from it (`synths.stiffness`), both in the checkpoint.

    Args:
        clip: format of the run
        n_harmonics: K; by default as many as reach Nyquist from an 80 Hz fundamental
        upsampling: how amplitudes go from frame to frame, as for Harmonics
        backend: what computes the sum (`free_bank`)
        stiffness: B of every string, or four numbers of a curve over pitch, which calibration then leaves as they are;
            None is to measure it
        n_strings: of a note, 1 or 2; the gain is shared between two
        detune_cents: between the two strings, which beat

    Raises:
        ValueError: an option is out of its range
    """

    curve: Tensor
    deviations: Tensor

    def __init__(
        self,
        clip: ClipFormat,
        n_harmonics: int | None = None,
        upsampling: Literal["linear", "hann"] = "linear",
        backend: Literal["auto", "torch", "numba", "triton"] = "auto",
        stiffness: float | Sequence[float] | None = None,
        n_strings: int = 1,
        detune_cents: float = 0.4,
    ) -> None:
        super().__init__(clip, n_harmonics, upsampling, backend)
        if n_strings not in (1, 2):
            raise ValueError(f"n_strings is {n_strings}: a note has 1 or 2.")
        if not 0.0 <= detune_cents <= 50.0:
            raise ValueError(f"detune_cents is {detune_cents:g}: choose 0 to 50.")
        self.is_given = stiffness is not None
        self.register_buffer("curve", torch.tensor(_curve(stiffness), dtype=torch.float64))
        self.register_buffer("deviations", torch.zeros(128, dtype=torch.float64))
        # One string above and one below the pitch, each half as loud.
        each = [0.5, -0.5][:n_strings] if n_strings == 2 else [0.0]
        self.tunings = tuple(2.0 ** (detune_cents * side / 1200.0) for side in each)

    def stiffness_of(self, f0_hz: Tensor) -> Tensor:
        """Pitches in Hz -> stiffness B of the string of each."""
        return stiffness_on(self.curve, f0_hz, self.deviations)

    def frequencies(self, f0_hz: Tensor) -> Tensor:
        """(B, F) pitch in Hz -> (B, F, K) where its partials lie, before two strings are detuned."""
        pitch = f0_hz.double()[..., None]
        number = torch.arange(1, self.n_harmonics + 1, device=f0_hz.device, dtype=torch.float64)
        return (pitch * stretch(number, self.stiffness_of(pitch))).to(f0_hz.dtype)

    def amplitudes(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """Raw parameters -> (B, F, K) amplitudes: the balance shares the gain among the audible partials only."""
        return self.shared(parameters, audible_partials(self.frequencies(f0_hz), self.clip.sample_rate))

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Amplitudes and frequencies of its partials; of two strings, those of the second after the first's."""
        return self.on_each_string(self.amplitudes(f0_hz, parameters), self.frequencies(f0_hz))

    def on_each_string(self, amplitudes: Tensor, frequencies_hz: Tensor) -> dict[str, Tensor]:
        """(B, F, K) of a note -> (B, F, K times the strings) by their names in `Layers`."""
        return {
            "amplitudes": torch.cat([amplitudes / len(self.tunings)] * len(self.tunings), dim=-1),
            "frequencies_hz": torch.cat([frequencies_hz * tuning for tuning in self.tunings], dim=-1),
        }

    def play(self, f0_hz: Tensor, played: dict[str, Tensor], white_noise: Tensor | None = None) -> Tensor:
        """(B, F) pitch and its layers -> (B, N) audio."""
        own = played["frequencies_hz"], played["amplitudes"]
        return free_bank(*own, self.clip.hop, self.clip.sample_rate, self.window, self.backend)

    @torch.no_grad()
    def calibrate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Fit the curve to notes, and keep how far each one's string is from it, unless a curve was given.

        Args:
            batches: (B, N) audio and its (B, F) pitch in Hz; notes whose partials do not tell are passed over
        """
        if self.is_given:
            return
        found = [note for audio, f0_hz in batches for note in self.stiff(audio.cpu().numpy(), f0_hz.cpu().numpy())]
        if found:
            pitch_hz, stiffness = np.array(found).T
            curve = fitted_curve(pitch_hz, stiffness)
            self.curve.copy_(torch.tensor(curve))
            self.deviations.copy_(torch.from_numpy(deviations_from(curve, pitch_hz, stiffness)))

    def stiff(self, audio: np.ndarray, f0_hz: np.ndarray) -> list[tuple[float, float]]:
        """(B, N) audio, (B, F) pitch in Hz -> pitch and stiffness of the clips that tell."""
        notes = [
            stiff_note(one, self.clip.sample_rate, float(np.median(its_hz)))
            for one, its_hz in zip(audio, f0_hz, strict=True)
        ]
        return [(note.f0_hz, note.stiffness) for note in notes if note is not None and note.stiffness > 0]

    def streaming(self) -> "StreamingStrings":
        """The strings, two frames late."""
        from synths.streaming.strings import StreamingStrings  # which knows the part

        return StreamingStrings(self)


def _curve(stiffness: float | Sequence[float] | None) -> tuple[float, ...]:
    if stiffness is None:
        return RIGAUD
    if isinstance(stiffness, Sequence):
        if len(stiffness) != 4:
            raise ValueError(f"stiffness has {len(stiffness)} numbers: give one, or the four of a curve.")
        return tuple(stiffness)
    if not 0.0 <= stiffness <= 0.1:
        raise ValueError(f"stiffness is {stiffness:g}: strings have 0 to 0.1.")
    return one_stiffness(stiffness)
