"""How hollow the tone is."""

import torch
from torch import Tensor

from synths.descriptors.descriptor import HarmonicDescriptor
from synths.descriptors.harmonic_lines import HarmonicLines

FLOOR = 1e-3


class OddEvenBalance(HarmonicDescriptor):
    """Power of the odd overtones (3, 5, ...) over that of the even ones (2, 4, ...), in dB.

    After Peeters et al. (2011, section II.E), without the fundamental, which has a descriptor of its own. Hollow tones,
    such as a low clarinet's, are far above 0 dB. Both sides are floored 30 dB below all overtones: -30 to 30 dB; 0 for
    silence and for a sine.
    """

    unit = "dB"
    summary = "odd over even overtones"
    default_span = (-15.0, 25.0)
    jnd = 3.0

    def of(self, lines: HarmonicLines) -> Tensor:
        """Harmonics -> (B, F) dB."""
        overtones = lines.harmonics[..., 1:]
        floor = FLOOR * overtones.sum(-1) + 1e-6 * lines.harmonics.sum(-1) + 1e-12
        even, odd = overtones[..., 0::2].sum(-1), overtones[..., 1::2].sum(-1)
        return 10.0 * torch.log10((odd + floor) / (even + floor))
