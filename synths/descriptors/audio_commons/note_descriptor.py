"""What the AudioCommons models that rate a whole note share."""

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.front_end import LoudnessNormalised, Upsampled
from synths.descriptors.descriptor import Descriptor
from synths.descriptors.sound import HeardSound, PlayedSound
from synths.descriptors.sounding import frame_level_db, sounding_frames

UNPITCHED_HZ = 100.0
"""Fundamental of a sound that has none."""


class NoteDescriptor(Descriptor):
    """One rating of a whole sound, at the loudness and the sample rate of the AudioCommons models.

    The models look for onsets and for the lowest peak of the spectrum. Here a sound is one note, and its fundamental
    is given: the median pitch of its sounding frames, 100 Hz where that is not positive.
    """

    unit = "0-100"
    rate = "note"

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.normalised, self.upsampled = LoudnessNormalised(clip), Upsampled(clip)

    def rating(self, note: HeardSound) -> Tensor:
        """Sound at -24 LUFS and 44.1 kHz or more, whose (B, 1) pitch in Hz is its fundamental -> (B,)."""
        raise NotImplementedError

    def hear(self, sound: HeardSound | PlayedSound) -> Tensor:
        """(B, 1), of a sound that may have been prepared already; what is played is not enough."""
        if isinstance(sound, PlayedSound):
            return super().hear(sound)
        rating = self.rating(self.prepared(sound))
        return rating.masked_fill(~sound.audio.isfinite().all(-1), torch.nan)[:, None]

    def prepared(self, sound: HeardSound) -> HeardSound:
        """As `rating` takes it; prepared once for all that rate the same sound."""
        return sound.remembered("AudioCommons note", lambda: self._note(sound))

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch -> (B, 1)."""
        return self.hear(HeardSound(audio, f0_hz))

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch -> (B,)."""
        return self.measure(audio, f0_hz)[:, 0]

    def _note(self, sound: HeardSound) -> HeardSound:
        fundamental_hz = _fundamental_hz(sound.audio, sound.all_f0_hz, self.clip.hop)
        # What is not finite has no rating, but some of the models would fall over it.
        audio = self.upsampled(self.normalised(sound.audio)).nan_to_num(0.0, 0.0, 0.0)
        return HeardSound(audio, fundamental_hz[:, None])


def weighted_mean(value: Tensor, weight: Tensor, of_silence: float) -> Tensor:
    """(B, T) value, (B, T) weight -> (B,) mean; `of_silence` where nothing weighs."""
    floor = 1e-9
    return ((value * weight).sum(-1) + floor * of_silence) / (weight.sum(-1) + floor)


def _fundamental_hz(audio: Tensor, f0_hz: Tensor, hop: int) -> Tensor:
    level_db = frame_level_db(F.pad(audio, (0, -audio.shape[-1] % hop)), hop)
    f0_hz = torch.where(f0_hz > 0.0, f0_hz, UNPITCHED_HZ)
    median_hz = torch.where(sounding_frames(level_db), f0_hz, torch.nan).nanmedian(-1).values
    return torch.where(median_hz.isnan(), f0_hz.median(-1).values, median_hz)
