"""How booming."""

import math

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.din_45631 import Din45631
from synths.descriptors.audio_commons.note_descriptor import NoteDescriptor, weighted_mean
from synths.descriptors.audio_commons.parabola import parabola
from synths.descriptors.sound import HeardSound

INDEX_WEIGHT, LEVEL_WEIGHT, OFFSET = 43.67402696195865, -10.90054738389845, 26.836530575185435
SILENT_LEVEL = 1e-3
SILENT_INDEX = 10.0 ** (-(LEVEL_WEIGHT * math.log10(SILENT_LEVEL) + OFFSET) / INDEX_WEIGHT)
"""Booming index that is rated 0 with the level of silence."""
BELOW_HZ = 280.0


class Booming(NoteDescriptor):
    """Hatano and Hashimoto's booming index against the loudness below 7 Bark, both logarithmic.

    Pearce et al. 2019 (AudioCommons D5.8; timbral_models 0.4.1), on its own specific loudness (`Din45631`). It falls
    with the pitch, with little else in a tone. 0 for silence.
    """

    summary = "AudioCommons boominess"
    default_span = (-5.0, 55.0)
    weight: Tensor
    below: Tensor
    low: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.specific_loudness = Din45631(self.upsampled.sample_rate)
        frequency_hz = 600.0 * torch.sinh(torch.arange(1, 241, dtype=torch.float64) / 60.0)
        third_octaves = (frequency_hz / 25.0).log() / math.log(31.5 / 25.0) + 1.0
        weight = 2.13 * torch.exp(-0.151 * third_octaves)
        weight[:4] = torch.tensor([0.8, 1.05, 1.10, 1.18])
        self.register_buffer("weight", weight.float(), persistent=False)
        self.register_buffer("below", (frequency_hz < BELOW_HZ).float(), persistent=False)
        self.register_buffer("low", parabola(0, 70).float(), persistent=False)

    def rating(self, note: HeardSound) -> Tensor:
        """Prepared note -> (B,)."""
        loudness, power = self.specific_loudness.of(note)
        share = (loudness @ self.below) / (loudness.sum(-1) + 1e-6)
        band_sum = 10.0 * (10.0 ** (loudness * self.weight / 10.0)).sum(-1).log10()
        # The addend keeps the logarithm finite where nothing at all is heard below 280 Hz.
        index = weighted_mean(band_sum * share + 1e-4, power, SILENT_INDEX)
        level = (loudness @ self.low).mean(-1) + SILENT_LEVEL
        return INDEX_WEIGHT * index.log10() + LEVEL_WEIGHT * level.log10() + OFFSET
