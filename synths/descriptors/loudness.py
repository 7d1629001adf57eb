"""How loud it is to the ear."""

from torch import Tensor

from synths.descriptors.hearing.specific_loudness import total_loudness
from synths.descriptors.loudness_descriptor import LoudnessDescriptor


class Loudness(LoudnessDescriptor):
    """Zwicker loudness in sone: each frame as if it lasted (ISO 532-1:2017, stationary sounds, free field).

    1 sone is a 1 kHz tone at 40 dB SPL; 10 dB more are twice as loud. A whole sound is pooled as one stationary sound.
    """

    unit = "sone"
    summary = "loudness (ISO 532-1)"
    default_span = (0.0, 60.0)
    jnd = 0.5
    is_level = True

    def of(self, specific: Tensor) -> Tensor:
        """(..., 240) sone/Bark -> (...) sone."""
        return total_loudness(specific)
