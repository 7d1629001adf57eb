"""How alike all frequencies are."""

from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.librosa_descriptor import LibrosaDescriptor


class SpectralFlatness(LibrosaDescriptor):
    """Geometric over arithmetic mean of the power spectrum, 0 (a sine) to 1 (flat), as librosa's `spectral_flatness`.

    The power of each bin is floored where librosa does, some 150 dB below a full-scale sine, however loud the sound;
    silence is flat. Of what a synth plays, the gaps between harmonics are empty to that floor.
    """

    unit = "1"
    summary = "flatness of the spectrum, 1 for white noise (librosa)"
    default_span = (0.0, 0.5)

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.floor = 1e-10 * self.librosa_unit

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) in 0..1."""
        floored = power.clamp_min(self.floor)
        return floored.log().mean(-1).exp() / floored.mean(-1)
