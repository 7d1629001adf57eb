"""How sharp, as the AudioCommons models rate it."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.din_45631 import Din45631
from synths.descriptors.audio_commons.note_descriptor import NoteDescriptor, weighted_mean
from synths.descriptors.sound import HeardSound

SLOPE, OFFSET = 102.50508921364404, 34.432655185001735
SILENT_ACUM = 10.0 ** (-OFFSET / SLOPE)
"""Sharpness that is rated 0."""


class AudioCommonsSharpness(NoteDescriptor):
    """Logarithm of Fastl's sharpness, averaged by power over frames and scaled to listeners' ratings.

    Pearce et al. 2019 (AudioCommons D5.8; timbral_models 0.4.1), on its own specific loudness (`Din45631`).
    `Sharpness` is the standard's measure, in acum. 0 for silence.
    """

    summary = "AudioCommons sharpness"
    default_span = (15.0, 85.0)
    weight: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.specific_loudness = Din45631(self.upsampled.sample_rate)
        bark = torch.arange(1, 241, dtype=torch.float64) / 10.0
        sharp = 0.00012 * bark**4 - 0.0056 * bark**3 + 0.1 * bark**2 - 0.81 * bark + 3.5
        weight = 0.11 * bark * torch.where(bark < 14.05, 1.0, sharp)
        self.register_buffer("weight", weight.float(), persistent=False)

    def rating(self, note: HeardSound) -> Tensor:
        """Prepared note -> (B,)."""
        loudness, power = self.specific_loudness.of(note)
        floor = 1e-6  # sone: inaudible frames, which weigh next to nothing, are neither sharp nor dull
        acum = (loudness @ self.weight + floor * SILENT_ACUM) / (loudness.sum(-1) + floor)
        return SLOPE * weighted_mean(acum, power, SILENT_ACUM).log10() + OFFSET
