"""How sharp: where on the cochlea its loudness lies."""

from typing import Literal

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.hearing.specific_loudness import PLACES_BARK, STEP_BARK, total_loudness
from synths.descriptors.loudness_descriptor import LoudnessDescriptor

QUIET_SONE = 0.03
"""Loudness around which sharpness fades to 0: less than what a listener could tell it of."""


class Sharpness(LoudnessDescriptor):
    """Centre of the specific loudness on the Bark scale, high regions weighted more, in acum (DIN 45692:2009).

    A critical band of noise at 1 kHz and 60 dB SPL has 1 acum. Each frame is heard as if it lasted, and a whole sound
    is pooled as one stationary sound. With N the loudness and e 0.03 sone, 1 / N is N / (N^2 + e^2) here, so that
    sharpness is 0 for silence and fades to it smoothly; above 1 sone the difference is less than 0.1 %.

    Args:
        clip: format of the run
        weighting: of the standard ("din"), or of its annex: von Bismarck's, or Aures', which grows with loudness
    """

    unit = "acum"
    summary = "weight of the high regions of hearing (DIN 45692)"
    default_span = (0.4, 2.0)
    jnd = 0.08
    weight: Tensor

    def __init__(self, clip: ClipFormat, weighting: Literal["din", "aures", "bismarck"] = "din") -> None:
        super().__init__(clip)
        self.by_loudness = weighting == "aures"
        weight = 0.11 * STEP_BARK * _weighted_place(weighting)
        self.register_buffer("weight", weight.float(), persistent=False)

    def of(self, specific: Tensor) -> Tensor:
        """(..., 240) sone/Bark -> (...) acum."""
        loudness = total_loudness(specific)
        if self.by_loudness:
            loudness = (0.05 * loudness).log1p() / 0.05
        return specific @ self.weight * loudness / (loudness.square() + QUIET_SONE**2)


def _weighted_place(weighting: str) -> Tensor:
    """(240,) z * g(z) at each place z in Bark."""
    place = torch.tensor(PLACES_BARK, dtype=torch.float64)
    if weighting == "din":
        return place * (1.0 + 0.15 * torch.expm1(0.42 * (place - 15.8).clamp_min(0.0)))
    if weighting == "bismarck":
        return place * (1.0 + 0.2 * torch.expm1(0.308 * (place - 15.0).clamp_min(0.0)))
    if weighting == "aures":
        return 0.078 / 0.05 * torch.exp(0.171 * place)
    raise ValueError(f"weighting is {weighting!r}: choose din, aures or bismarck.")
