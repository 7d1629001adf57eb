"""Noise added to the sound."""

from torch import Tensor
from torch.nn.functional import avg_pool1d, interpolate

from datamodules.augmentation import frequency_response
from datamodules.augmentation.augmentation import Augmentation, as_loud_as
from datamodules.augmentation.draws import Draws
from synths.clip import Clip, ClipFormat

ENVELOPE_S = 0.02


class AddedNoise(Augmentation):
    """Noise at a signal-to-noise ratio, energies taken over the whole clip; pitch and confidence stay what they were.

    It swells and dies with the sound, as breath does: the note is noisier, and its silence stays silent. Steady noise
    is a background: where nothing else sounds, descriptors describe it instead of the instrument.

    Args:
        lowest_snr_db: the noisiest, -20 to 100 dB
        highest_snr_db: the least noisy
        lowest_tilt_db: the darkest noise in dB per octave, -12 to 12; -3 is pink, -6 is brown
        highest_tilt_db: the brightest; 0 is white
        steady: whether the noise is the same all along instead
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(
        self,
        lowest_snr_db: float = 5.0,
        highest_snr_db: float = 40.0,
        lowest_tilt_db: float = -9.0,
        highest_tilt_db: float = 0.0,
        steady: bool = False,
        chance: float = 0.5,
    ) -> None:
        super().__init__(chance)
        self.snr_db = self.between("a signal-to-noise ratio in dB", lowest_snr_db, highest_snr_db, -20, 100)
        self.tilt_db = self.between("a tilt in dB per octave", lowest_tilt_db, highest_tilt_db, -12, 12)
        self.steady = steady

    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """Audio plus noise."""
        tilt_db, snr_db = draws.uniform(*self.tilt_db), draws.uniform(*self.snr_db)
        rate = clip.sample_rate
        noise = frequency_response.filtered(
            draws.white_noise(clips.audio.shape[-1]), rate, lambda n_fft: frequency_response.tilt(n_fft, rate, tilt_db)
        )
        if not self.steady:
            noise = noise * envelope(clips.audio, round(ENVELOPE_S * rate))
        return clips._replace(audio=clips.audio + as_loud_as(clips.audio, noise) * 10.0 ** (-snr_db / 20.0))


def envelope(audio: Tensor, n_window: int) -> Tensor:
    """(B, N) audio -> (B, N) its rms in neighbouring windows, in lines between their middles."""
    each = avg_pool1d(audio.square()[:, None], n_window, ceil_mode=True).sqrt()
    return interpolate(each, scale_factor=float(n_window), mode="linear")[:, 0, : audio.shape[-1]]
