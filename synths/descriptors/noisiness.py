"""How much it is noise rather than tone."""

import torch
from torch import Tensor

from synths.descriptors.descriptor import HarmonicDescriptor
from synths.descriptors.harmonic_lines import HarmonicLines

FLOOR = 1e-5


class Noisiness(HarmonicDescriptor):
    """Noise over harmonics in dB: the harmonics-to-noise ratio (HNR) with its sign turned, so that up is noisier.

    The HNR of voice research (Boersma 1993), with the noise read between the harmonics. Both sides are floored 50 dB
    below the whole: -50 to 50 dB; 0 for silence.
    """

    unit = "dB"
    summary = "noise over harmonics (minus HNR)"
    default_span = (-40.0, 10.0)
    jnd = 3.0

    def of(self, lines: HarmonicLines) -> Tensor:
        """Harmonics and noise -> (B, F) dB."""
        tone = lines.harmonics.sum(-1)
        floor = FLOOR * (tone + lines.noise) + 1e-12
        return 10.0 * torch.log10((lines.noise + floor) / (tone + floor))
