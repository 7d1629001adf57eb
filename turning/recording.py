"""A recording of one voice, ready to be turned."""

from functools import cached_property

import torch.nn.functional as F
from torch import Tensor

from synths import ClipFormat, Level, sounding_frames
from turning.carriers import block_size, carriers
from turning.components import Components

FRAME_S = 0.01


def format_of(rate: int, n_samples: int, full_scale_db_spl: float = 100.0) -> ClipFormat:
    """The format in which a recording is measured: frames of 10 ms, the last one padded."""
    hop = round(FRAME_S * rate)
    return ClipFormat(rate, max(1, -(-n_samples // hop)) * hop, hop, full_scale_db_spl)


class Recording:
    """A sound, its pitch, and what it is made of.

    Args:
        audio: (N,) mono, as long as the format says
        clip: its format
        f0_hz: (F,) pitch in Hz in every frame
    """

    def __init__(self, audio: Tensor, clip: ClipFormat, f0_hz: Tensor) -> None:
        self.audio, self.clip, self.f0_hz = audio, clip, f0_hz

    @cached_property
    def components(self) -> Components:
        """Its partials and bands of noise."""
        return self.taken_apart(self.audio)

    def taken_apart(self, audio: Tensor) -> Components:
        """Parts of (N,) a channel of it, along the pitch of all."""
        rate = self.clip.sample_rate
        block = block_size(self.f0_hz, rate)
        return Components.of(audio, carriers(self.f0_hz, rate, self.clip.hop, block, len(audio)), rate)

    @cached_property
    def sounding(self) -> Tensor:
        """(F,) True where it sounds."""
        level_db = Level(self.clip).measure(self.audio[None], self.f0_hz[None])
        return sounding_frames(level_db)[0]


def padded_to(audio: Tensor, clip: ClipFormat) -> Tensor:
    """(n,) -> (N,) with silence behind it."""
    return F.pad(audio, (0, clip.n_samples - len(audio)))


