"""How loud it is to the ear."""

from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.descriptor import SpectralDescriptor
from synths.descriptors.specific_loudness import SpecificLoudness, specific_loudness_of_whole, total_loudness


class Loudness(SpectralDescriptor):
    """Zwicker loudness in sone: each frame as if it lasted (ISO 532-1:2017, stationary sounds, free field).

    1 sone is a 1 kHz tone at 40 dB SPL; 10 dB more are twice as loud. A whole sound is pooled as one stationary sound.
    """

    unit = "sone"
    summary = "loudness"
    default_span = (0.0, 60.0)
    jnd = 0.5

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.specific = SpecificLoudness(self.spectrum.n_fft, clip.sample_rate, clip.full_scale_db_spl)

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) sone."""
        return total_loudness(self.specific(power))

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio -> (B,) sone of the sound as a whole."""
        return total_loudness(specific_loudness_of_whole(audio, self.clip))
