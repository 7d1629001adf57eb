"""Soft distortion."""

import torch

from datamodules.augmentation import frequency_response
from datamodules.augmentation.augmentation import Augmentation, as_loud_as, rms
from datamodules.augmentation.draws import Draws
from synths.clip import Clip, ClipFormat

BLOCKED_HZ = 20.0


class SoftDistortion(Augmentation):
    """The curve of a hyperbolic tangent, at constant rms: partials appear that were not there.

    The curve is passed at twice the sample rate, so that less of it folds down. A bias, which shifts the curve, makes
    even partials; the offset that this would give loud sounds is filtered off.

    Args:
        lowest_drive_db: gentlest, the clip's rms against the bend of the curve, -40 to 40 dB
        highest_drive_db: hardest
        highest_bias: the largest shift of the curve, in units of its bend, 0 to 1
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(
        self,
        lowest_drive_db: float = -12.0,
        highest_drive_db: float = 6.0,
        highest_bias: float = 0.5,
        chance: float = 0.5,
    ) -> None:
        super().__init__(chance)
        self.drive_db = self.between("a drive in dB", lowest_drive_db, highest_drive_db, -40, 40)
        self.bias = self.between("a bias", 0.0, highest_bias, 0, 1)

    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """Audio through the curve."""
        drive, bias = 10.0 ** (draws.uniform(*self.drive_db) / 20.0), draws.uniform(*self.bias)
        n_samples, rate = clips.audio.shape[-1], clip.sample_rate
        n_fft = frequency_response.fast_size(n_samples + round(frequency_response.TAIL_S * rate))
        driven = clips.audio * (drive / rms(clips.audio).clamp_min(1e-12))
        fine = 2.0 * torch.fft.irfft(torch.fft.rfft(driven, n_fft), 2 * n_fft)
        bent = torch.fft.rfft(torch.tanh(fine + bias))[..., : n_fft // 2 + 1]
        corner_hz = torch.full_like(drive, BLOCKED_HZ)
        audio = torch.fft.irfft(bent * frequency_response.high_pass(n_fft, rate, corner_hz), n_fft)[..., :n_samples]
        return clips._replace(audio=as_loud_as(clips.audio, audio))
