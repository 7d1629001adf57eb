"""What is told from how loud each region of the cochlea is."""

from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.descriptor import SharingDescriptor
from synths.descriptors.hearing.specific_loudness import SpecificLoudness, specific_loudness_of_whole
from synths.descriptors.sound import HeardSound, PlayedSound
from synths.spectrum import Spectrum


class LoudnessDescriptor(SharingDescriptor):
    """A descriptor of specific loudness, each frame heard as if it lasted, a whole sound as one stationary sound."""

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.spectrum = Spectrum(clip)
        self.specific = SpecificLoudness(self.spectrum.n_fft, clip.sample_rate, clip.full_scale_db_spl)

    def of(self, specific: Tensor) -> Tensor:
        """(..., 240) sone/Bark -> (...) in the descriptor's unit."""
        raise NotImplementedError

    def hear(self, sound: HeardSound | PlayedSound) -> Tensor:
        """Measure from a sound whose specific loudness may be known already."""
        name = "specific loudness", self.spectrum.n_fft, self.clip.full_scale_db_spl
        return self.of(sound.remembered(name, lambda: self.specific(sound.power(self.spectrum))))

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio -> (B,) of the sound as a whole."""
        return self.of(specific_loudness_of_whole(audio, self.clip))
