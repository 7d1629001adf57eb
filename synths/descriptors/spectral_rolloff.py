"""Up to where the spectrum reaches."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.librosa_descriptor import FLOOR, LibrosaDescriptor, magnitude

SOFTNESS, SOFTNESS_OF_REST = 0.02, 2.0 / 15.0
"""How soft the threshold is, but at most this part of its distance from the nearer end."""


class SpectralRolloff(LibrosaDescriptor):
    """Frequency below which 85 % of the magnitude spectrum lies, as librosa's `spectral_rolloff`; 0 for silence.

    librosa takes the first bin that reaches the threshold: so does `pooled`. `measure` counts the bins below it by a
    soft threshold, which moves with the sound and reads up to 6 % more where the spectrum falls off slowly.

    Args:
        clip: format of the run
        roll_percent: the part that lies below, 0 to 1
    """

    unit = "Hz"
    summary = "85 % of the magnitude lie below it (librosa)"
    default_span = (0.0, 10000.0)

    def __init__(self, clip: ClipFormat, roll_percent: float = 0.85) -> None:
        super().__init__(clip)
        if not 0.0 < roll_percent < 1.0:
            raise ValueError(f"roll_percent is {roll_percent}: it lies between 0 and 1.")
        self.roll_percent = roll_percent
        self.softness = min(SOFTNESS, SOFTNESS_OF_REST * min(roll_percent, 1.0 - roll_percent))

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) Hz, in between the bins."""
        below = magnitude(power).cumsum(-1) + FLOOR[power.dtype]
        below = below / below[..., -1:]
        # From 1 where nothing lies below to 0 where everything does, and no bin counts that lies above it all.
        none, everything = self._sigmoid(below.new_zeros(())), self._sigmoid(below.new_ones(()))
        counted = (self._sigmoid(below) - everything) / (none - everything)
        return self.spectrum.frequency_hz[1] * counted.sum(-1)

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, any N -> (B,) mean over all of librosa's frames; piecewise constant."""
        below = self.librosa_power(audio).sqrt().cumsum(-1)
        n_bins = (below < self.roll_percent * below[..., -1:]).double().sum(-1)
        return (self.spectrum.frequency_hz[1] * n_bins.mean(-1)).to(audio.dtype)

    def _sigmoid(self, below: Tensor) -> Tensor:
        return torch.sigmoid((self.roll_percent - below) / self.softness)
