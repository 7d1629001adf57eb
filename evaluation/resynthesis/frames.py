"""Which part of a note counts, and the mean over it: every metric judges where the target sounds, and nowhere else."""

import torch
import torch.nn.functional as F
from torch import Tensor

from evaluation.resynthesis.pair import Pair
from synths.clip import ClipFormat
from synths.descriptors import Level, sounding_frames

WHERE_IT_SOUNDS = "where the target sounds (A-weighted level within 40 dB of its loudest frame and above -74 dB)"
"""In the definition of every metric that judges there."""

MARGIN_S = 0.15
"""Longer than any window of a metric."""

LEAST_HEARD = 0.9
"""A resynthesis that is silent in more of these frames than a tenth has no spectrum to compare: its value is NaN."""


class Sounding:
    """Where a target sounds: the frames in which its knobs are measured too (`sounding_frames`).

    Args:
        clip: format of the run
    """

    def __init__(self, clip: ClipFormat) -> None:
        self._level, self._hop = Level(clip), clip.hop
        self._margin = -(-round(MARGIN_S * clip.sample_rate) // clip.hop) * clip.hop

    def surrounded(self, pair: Pair) -> tuple[Tensor, Tensor]:
        """Target and output with silence around them, the target's first sounding frame always at one place.

        A note that a clip cuts short then ends as any other does, and windows lie in a note as they would in any clip.
        What comes before goes behind.
        """
        target, output = (F.pad(audio, (self._margin, self._margin)) for audio in (pair.target, pair.output))
        first = self.frames(target).int().argmax(-1, keepdim=True) * self._hop
        place = (torch.arange(target.shape[-1], device=target.device) + first - self._margin) % target.shape[-1]
        return target.gather(-1, place), output.gather(-1, place)

    def level_db(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) A-weighted level in dB, at least -80."""
        return self._level.to(audio.device).measure(audio, audio)  # a level needs no pitch

    def frames(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) True in the frames that sound."""
        return sounding_frames(self.level_db(audio))

    def samples(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, N) True in the samples that are nearest to a frame that sounds."""
        frames = self.frames(audio)
        nearest = (torch.arange(audio.shape[-1], device=audio.device) + self._hop // 2) // self._hop
        return frames[:, nearest.clamp_max(frames.shape[-1] - 1)]

    def windows(self, audio: Tensor, hop: int) -> Tensor:
        """(B, N) audio -> (B, N / hop + 1) True for the windows that sound, centred on every hop-th sample."""
        centres = torch.arange(audio.shape[-1] // hop + 1, device=audio.device) * hop
        return self.samples(audio)[:, centres.clamp_max(audio.shape[-1] - 1)]


def mean_where(counts: Tensor, values: Tensor) -> Tensor:
    """(B, F) booleans and (B, F) values -> (B,) mean over the frames that count, NaN where none does."""
    return torch.where(counts, values, 0.0).sum(dim=-1) / counts.sum(dim=-1)


def mean_where_heard(counts: Tensor, heard: Tensor, values: Tensor) -> Tensor:
    """(B, F) frames that count, frames in which the output is heard, values -> (B,) mean over those that are both.

    NaN where less than LEAST_HEARD of what counts is heard: to be silent must not pay.
    """
    both = counts & heard
    return mean_where(both, values).masked_fill(both.sum(-1) < LEAST_HEARD * counts.sum(-1), torch.nan)
