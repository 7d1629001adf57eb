"""How strong the signal is."""

import librosa
import numpy as np
import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.descriptor import SpectralDescriptor
from synths.descriptors.sounding import FLOOR_DB


class Level(SpectralDescriptor):
    """A-weighted level per frame, in dB below a full-scale 1 kHz sine.

    Weighted in the power domain, summed over frequency, then taken to decibels (IEC 61672 A-weighting). Averaging
    decibels over bins instead, as some systems do, measures how many bins are quiet rather than how loud the sound is.
    """

    unit = "dB"
    summary = "A-weighted level, 0 for a full-scale 1 kHz sine"
    default_span = (FLOOR_DB, 0.0)
    jnd = 1.0
    is_level = True
    weight: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        frequency_hz = self.spectrum.frequency_hz.double().numpy()
        weight = np.power(10.0, librosa.A_weighting(np.maximum(frequency_hz, 1e-3), min_db=None) / 10.0)
        self.register_buffer("weight", torch.from_numpy(weight).float(), persistent=False)

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) level in dB, never below the floor of -80."""
        return 10.0 * torch.log10(power @ self.weight + 10.0 ** (FLOOR_DB / 10.0))

    def calibrate(self, values: Tensor, f0_hz: Tensor, percentiles: tuple[float, float] = (0.0, 99.9)) -> None:
        """Set the upper end from the data; the lower end stays silence, so that a release can reach it."""
        super().calibrate(values, f0_hz, percentiles)
        high = torch.quantile(values.double(), percentiles[1] / 100).item()
        self.range.span.copy_(torch.tensor([FLOOR_DB, max(high, FLOOR_DB + 10.0)]))
        self.range.by_pitch[:, 0] = FLOOR_DB
