"""A distance that hears partials: the level of each, and of the gap above it, in decibels."""

import torch
from torch import Tensor

from synths import ClipFormat
from synths.precision import without_autocast
from synths.spectrum import Spectrum
from synths.stiffness import StringsListener, stretch

WINDOW_S = 0.128
"""It holds the partials of a pitch from 47 Hz upwards apart."""
CLOSEST = 4.0
"""Bins from line to line; lower pitches are read as if they were this high."""
WITHIN_DB = 50.0
"""Lines and gaps of the recording that far below its frame's strongest line do not count."""
DB_PER_NEPER_OF_POWER = 4.342944819


class LineLevels(StringsListener):
    """Mean distance of the levels of partials, and of the gaps between them, in units of 20 dB.

    Where the recording sounds, and not far below the strongest of its frame.

    Args:
        clip: format of the run
    """

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.spectrum = Spectrum(clip, WINDOW_S)

    def forward(self, output: Tensor, target: Tensor, f0_hz: Tensor, sounding: Tensor) -> Tensor:
        """How far output is from target.

        Args:
            output: (B, N)
            target: (B, N)
            f0_hz: (B, F) pitch in Hz
            sounding: (B, F / every) 1 where the target sounds

        Returns:
            scalar, 0 where nothing counts
        """
        every = -(-f0_hz.shape[1] // sounding.shape[1])
        with without_autocast(output):
            bins, below_nyquist = self._places(f0_hz[:, ::every].to(output.dtype))
            with torch.no_grad():
                wanted = self._levels(target, bins, every)
                strongest = wanted[..., ::2].masked_fill(~below_nyquist[..., ::2], -torch.inf).amax(-1, keepdim=True)
                counts = (wanted > strongest - WITHIN_DB) & below_nyquist & sounding.bool()[..., None]
            off_db = (self._levels(output, bins, every) - wanted).abs() * counts
            return off_db.sum() / (20.0 * counts.sum().clamp_min(1.0))

    def _places(self, f0_hz: Tensor) -> tuple[Tensor, Tensor]:
        """(B, F) pitch -> (B, F, 2 K) bins of each line and of the gap above it, and whether they are there."""
        last = self.spectrum.n_fft // 2
        spacing = (f0_hz / self.spectrum.frequency_hz[1]).clamp(CLOSEST, float(last))
        # An accelerator should not wait to learn the lowest pitch.
        closest = float(spacing.min()) if f0_hz.device.type == "cpu" else CLOSEST
        n_lines = max(1, int(last / closest))
        number = 0.5 * torch.arange(2, 2 * n_lines + 2, device=f0_hz.device)
        stiffness = self.stiffness_of(f0_hz)
        place = spacing[..., None] * (number if stiffness is None else stretch(number, stiffness[..., None]))
        return place.round().long().clamp(1, last - 1), place <= last - 1

    def _levels(self, audio: Tensor, bins: Tensor, every: int) -> Tensor:
        """(B, N) audio -> (B, F, 2 K) dB of three bins each."""
        power = self.spectrum(audio, every)
        summed = power[..., :-2] + power[..., 1:-1] + power[..., 2:]
        return DB_PER_NEPER_OF_POWER * (summed.gather(-1, bins - 1) + 1e-12).log()
