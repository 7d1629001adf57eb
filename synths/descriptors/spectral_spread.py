"""How wide the spectrum is around its balance."""

from torch import Tensor

from synths.descriptors.librosa_descriptor import LibrosaDescriptor, magnitude, share

FLOOR_HZ = 1e-3


class SpectralSpread(LibrosaDescriptor):
    """Standard deviation of frequency over the magnitude spectrum (Peeters et al. 2011).

    As librosa's `spectral_bandwidth` with p = 2. A sine has what the window leaves of it, 0.7 bins; silence 0.
    """

    unit = "Hz"
    summary = "width of the spectrum (librosa bandwidth)"
    default_span = (0.0, 4000.0)

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) Hz."""
        weight = share(magnitude(power))
        centroid_hz = (weight * self.spectrum.frequency_hz).sum(-1, keepdim=True)
        variance = (weight * (self.spectrum.frequency_hz - centroid_hz).square()).sum(-1)
        return (variance + FLOOR_HZ**2).sqrt() - FLOOR_HZ
