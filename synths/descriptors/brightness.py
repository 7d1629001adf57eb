"""How bright."""

from torch import Tensor

from synths.descriptors.descriptor import SpectralDescriptor
from synths.signal import hz_to_erb_rate


class Brightness(SpectralDescriptor):
    """Spectral centroid on an ERB-rate scale: where the balance of the spectrum lies, in auditory filters.

    The amplitude-weighted mean (Peeters et al. 2011, eq. 8, on the scale of Glasberg & Moore 1990).
    """

    unit = "ERB"
    summary = "spectral centroid, ERB-rate scale"
    default_span = (5.0, 30.0)

    def of(self, power: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) ERB-rate; 0 for silence."""
        # Amplitude above a floor of -120 dB: its gradient stays finite at zero, and silence weighs nothing.
        floor = 1e-12
        amplitude = (power + floor).sqrt() - floor**0.5
        erb_rate = hz_to_erb_rate(self.spectrum.frequency_hz)
        return (amplitude @ erb_rate) / (amplitude.sum(-1) + 1e-6)
