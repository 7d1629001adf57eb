"""Specific loudness after DIN 45631, in the variant of the AudioCommons models."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.descriptors.audio_commons.third_octave_bank import ThirdOctaveBank
from synths.descriptors.hearing import iso_532_tables as tables
from synths.descriptors.hearing.upper_slopes import UpperSlopes
from synths.descriptors.sound import HeardSound

FRAME = 4096
FULL_SCALE_DB = 100.0
"""Level in dB SPL that the models give to an rms of 1; their sounds come at -24 LUFS, which is about 76 dB SPL."""


class Din45631(nn.Module):
    """Specific loudness of rectangular frames of 4096 samples that do not overlap, the last filled with silence.

    As ISO 532-1 computes it, but a band counts once its level, not its excitation behind the ear's transmission,
    passes the threshold. The slopes are followed exactly rather than in steps rounded to 0.1 Bark; the place where two
    bands meet belongs to the upper one, on which the models' sharpness turns.

    Args:
        sample_rate: of the sound, 44100 Hz or more
    """

    low_range_db: Tensor
    low_gain: Tensor
    threshold_db: Tensor
    internal_db: Tensor
    scale: Tensor

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.third_octaves = ThirdOctaveBank(sample_rate, FRAME)
        self.slopes = UpperSlopes(end_included=False)
        correction_db = torch.tensor(tables.LOW_BAND_CORRECTIONS_DB, dtype=torch.get_default_dtype())
        limits_db = torch.tensor(tables.LOW_BAND_LIMITS_DB)[:, None] - correction_db[:-1]
        threshold_db = torch.tensor(tables.THRESHOLD_DB, dtype=torch.get_default_dtype())
        internal_db = torch.tensor(tables.EAR_DB) + torch.tensor(tables.CRITICAL_BAND_DB) + threshold_db
        self.register_buffer("low_range_db", limits_db, persistent=False)
        self.register_buffer("low_gain", 10.0 ** (correction_db / 10.0), persistent=False)
        self.register_buffer("threshold_db", threshold_db, persistent=False)
        self.register_buffer("internal_db", internal_db, persistent=False)
        self.register_buffer("scale", 0.0635 * 10.0 ** (0.025 * threshold_db), persistent=False)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N) -> (B, T, 240) sone per Bark at 0.1, 0.2 ... 24 Bark, (B, T) mean square of the frames."""
        # Like the reference, a whole frame of silence where the sound ends with a frame.
        frames = F.pad(audio, (0, FRAME - audio.shape[-1] % FRAME)).unflatten(-1, (-1, FRAME))
        intensity = 10.0 ** (FULL_SCALE_DB / 10.0) * self.third_octaves(frames)
        core = self._core(intensity).flatten(0, -2).T.contiguous()
        return self.slopes(core).T.unflatten(0, intensity.shape[:-1]), frames.square().mean(-1)

    def of(self, note: HeardSound) -> tuple[Tensor, Tensor]:
        """The same of a note that may remember it."""
        return note.remembered("DIN 45631", lambda: self(note.audio))

    def _core(self, intensity: Tensor) -> Tensor:
        """(..., 28) third octaves re the threshold's intensity -> (..., 20) core loudness in sone per Bark."""
        # Intensities below -100 dB SPL are nothing: the logarithm stays finite.
        level_db = 10.0 * (torch.cat([self._low_bands(intensity), intensity[..., 11:]], -1) + 1e-10).log10()
        excitation = 10.0 ** (0.1 * (level_db - self.internal_db))
        core = self.scale * ((0.75 + 0.25 * excitation) ** 0.25 - 1.0)
        core = torch.where(level_db > self.threshold_db, core, 0.0).clamp_min(0.0)
        first = core[..., :1]
        # The correction of the first band, with the factor inside the power: its slope at zero is finite.
        return torch.cat([torch.minimum(first, 0.4 * first + 0.32 * first**1.2), core[..., 1:]], -1)

    def _low_bands(self, intensity: Tensor) -> Tensor:
        """(..., 28) third octaves -> (..., 3) the lowest critical bands, corrected by equal loudness."""
        low = intensity[..., :11]
        with torch.no_grad():
            level_db = 10.0 * (low + 1e-10).log10()[..., None, :]
            gain = self.low_gain.gather(0, (level_db > self.low_range_db).sum(-2).flatten(0, -2)).view_as(low)
        return torch.stack([group.sum(-1) for group in (low * gain).split(tables.LOW_BAND_GROUPS, -1)], -1)
