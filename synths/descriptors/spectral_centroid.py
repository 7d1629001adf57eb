"""Where the balance of the spectrum lies, in Hz."""

from torch import Tensor

from synths.descriptors.librosa_descriptor import LibrosaDescriptor, magnitude, share


class SpectralCentroid(LibrosaDescriptor):
    """Mean frequency of the magnitude spectrum (Peeters et al. 2011, eq. 8), as librosa's `spectral_centroid`.

    0 for silence.
    """

    unit = "Hz"
    summary = "balance point of the spectrum (librosa)"
    default_span = (0.0, 6000.0)

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) Hz."""
        return (share(magnitude(power)) * self.spectrum.frequency_hz).sum(-1)
