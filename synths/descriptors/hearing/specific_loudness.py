"""How loud each region of the cochlea is: ISO 532-1, stationary sounds."""

import torch
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.descriptors.hearing.iso_532_tables import (
    CRITICAL_BAND_DB,
    EAR_DB,
    LOW_BAND_CORRECTIONS_DB,
    LOW_BAND_GROUPS,
    LOW_BAND_LIMITS_DB,
    THRESHOLD_DB,
)
from synths.descriptors.hearing.third_octaves import third_octave_weights
from synths.descriptors.hearing.upper_slopes import UpperSlopes

STEP_BARK = 0.1
PLACES_BARK = tuple(place / 10.0 for place in range(1, 241))


class SpecificLoudness(nn.Module):
    """Power spectra -> loudness in sone/Bark at 0.1, 0.2, ... 24 Bark (ISO 532-1:2017, annex A; free field).

    Each spectrum is heard as if it lasted. Below the threshold of hearing it is 0, with a gradient of 0.

    Args:
        n_fft: size of the FFT that the spectra come from
        sample_rate: of the sound
        full_scale_db_spl: sound pressure level of a signal whose rms is 1
    """

    weights: Tensor
    low_limits: Tensor
    low_gains: Tensor
    relative_to_threshold: Tensor
    loudness_at_threshold: Tensor

    def __init__(self, n_fft: int, sample_rate: int, full_scale_db_spl: float) -> None:
        super().__init__()
        corrections_db = torch.tensor(LOW_BAND_CORRECTIONS_DB, dtype=torch.float64)
        threshold_db, ear_db, band_db = (
            torch.tensor(table, dtype=torch.float64) for table in (THRESHOLD_DB, EAR_DB, CRITICAL_BAND_DB)
        )
        limits_db = torch.tensor(LOW_BAND_LIMITS_DB, dtype=torch.float64)[:, None] - corrections_db[:-1]
        # Twice the mean square is what `Spectrum` calls power.
        full_scale = 10.0 ** (full_scale_db_spl / 10.0) / 2.0
        constants = {
            "weights": third_octave_weights(n_fft, sample_rate) * full_scale,
            "low_limits": _ratio(limits_db).T[..., None],
            "low_gains": _ratio(corrections_db).T,
            "relative_to_threshold": _ratio(-ear_db - band_db - threshold_db)[:, None],
            "loudness_at_threshold": 0.0635 * _ratio(0.25 * threshold_db)[:, None],
        }
        for name, value in constants.items():
            self.register_buffer(name, value.float(), persistent=False)
        self.slopes = UpperSlopes()

    def forward(self, power: Tensor) -> Tensor:
        """(B, ..., n_fft / 2 + 1) power as `Spectrum` defines it -> (B, ..., 240) sone/Bark."""
        # Bands first: the slopes run from band to band, over all frames at once.
        third_octaves = self.weights.T @ power.flatten(0, -2).T
        specific = self.slopes(self._core(third_octaves))
        return specific.T.unflatten(0, power.shape[:-1])

    def _core(self, third_octaves: Tensor) -> Tensor:
        """(28, T) intensities -> (20, T) sone/Bark that each critical band has of its own."""
        low = third_octaves[: len(self.low_gains)]
        level_range = (low.detach()[:, None] > self.low_limits).sum(1)
        groups = (low * self.low_gains.gather(1, level_range)).split(LOW_BAND_GROUPS)
        intensity = torch.cat([*(group.sum(0, keepdim=True) for group in groups), third_octaves[len(low) :]])
        excitation = 0.75 + 0.25 * intensity * self.relative_to_threshold
        core = self.loudness_at_threshold * (excitation.sqrt().sqrt() - 1.0).relu()
        # The threshold rises towards the low end of the lowest band.
        lowest = torch.minimum(core[:1], 0.4 * core[:1] + 0.32 * core[:1] ** 1.2)
        return torch.cat([lowest, core[1:]])


def specific_loudness_of_whole(audio: Tensor, clip: ClipFormat) -> Tensor:
    """(B, N) audio, any N -> (B, 240) sone/Bark of each sound as a whole, at its mean power."""
    n_samples = audio.shape[-1]
    # A second of silence, in which the filters die away.
    n_fft = 1 << (n_samples + clip.sample_rate - 1).bit_length()
    power = torch.view_as_real(torch.fft.rfft(audio, n_fft)).square().sum(-1) * (4.0 / (n_fft * n_samples))
    return SpecificLoudness(n_fft, clip.sample_rate, clip.full_scale_db_spl).to(audio)(power)


def total_loudness(specific: Tensor) -> Tensor:
    """(..., 240) sone/Bark -> (...) sone: the area under a curve that jumps up and slopes down."""
    falls = (specific[..., :-1] - specific[..., 1:]).relu()
    return STEP_BARK * (specific.sum(-1) + 0.5 * falls.sum(-1))


def _ratio(level_db: Tensor) -> Tensor:
    return 10.0 ** (level_db / 10.0)
