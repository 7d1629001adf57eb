"""How much of the tone is its fundamental."""

from torch import Tensor

from synths.descriptors.descriptor import HarmonicDescriptor
from synths.descriptors.harmonic_lines import HarmonicLines


class FundamentalShare(HarmonicDescriptor):
    """First tristimulus: amplitude of the fundamental over that of all harmonics (Peeters et al. 2011, section II.E).

    1 is a sine; the smaller, the more the tone is made of overtones. 0 for silence.

    Nobody has published a listening test of it. The least audible difference is stated, not measured: at the middle of
    the range it is a change of 1.7 dB between the fundamental and the sum of the others, at 0.2 and 0.8 of 2.7 dB;
    trained listeners notice 1 to 2 dB on a single partial of a complex tone (profile analysis; Green 1988).
    """

    unit = "1"
    summary = "fundamental over all harmonics (tristimulus 1)"
    default_span = (0.0, 1.0)
    jnd = 0.05

    def of(self, lines: HarmonicLines) -> Tensor:
        """Harmonics -> (B, F) share, 0..1."""
        # Under a floor 100 dB below the whole tone a harmonic weighs nothing, and the root keeps a finite slope.
        floor = 1e-10 * lines.harmonics.sum(-1, keepdim=True) + 1e-14
        amplitude = (lines.harmonics + floor).sqrt() - floor.sqrt()
        return amplitude[..., 0] / (amplitude.sum(-1) + 1e-7)
