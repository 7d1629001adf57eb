"""A room around the sound."""

import math

import torch

from datamodules.augmentation.augmentation import Augmentation
from datamodules.augmentation.draws import Draws
from datamodules.augmentation.frequency_response import fast_size
from synths.clip import Clip, ClipFormat


class Room(Augmentation):
    """Reverberation: the sound as it is, then white noise that dies away exponentially (Moorer 1979).

    Args:
        shortest_s: the shortest reverberation time (to -60 dB), from 0.02 s
        longest_s: the longest, to 10 s
        lowest_db: the least reverberation, its energy against the sound as it is, -60 to 20 dB
        highest_db: the most
        chance: that a clip is changed at all, 0 to 1
    """

    def __init__(
        self,
        shortest_s: float = 0.1,
        longest_s: float = 1.0,
        lowest_db: float = -30.0,
        highest_db: float = -6.0,
        chance: float = 0.5,
    ) -> None:
        super().__init__(chance)
        self.decay_s = self.between("a reverberation time in s", shortest_s, longest_s, 0.02, 10)
        self.reverberation_db = self.between("a reverberation in dB", lowest_db, highest_db, -60, 20)

    def change(self, clips: Clip, clip: ClipFormat, draws: Draws) -> Clip:
        """Audio plus its convolution with the noise; what would sound on after the clip's end is cut."""
        decay_s, reverberation_db = draws.uniform(*self.decay_s), draws.uniform(*self.reverberation_db)
        n_samples, n_tail = clips.audio.shape[-1], round(self.decay_s[1] * clip.sample_rate)
        time_s = torch.arange(1, n_tail + 1, device=clips.audio.device) / clip.sample_rate
        tail = draws.white_noise(n_tail) * torch.exp(-3.0 * math.log(10.0) * time_s / decay_s)
        tail = tail * 10.0 ** (reverberation_db / 20.0) / torch.linalg.vector_norm(tail, dim=-1, keepdim=True)
        response = torch.cat([torch.ones_like(decay_s), tail], dim=-1)
        n_fft = fast_size(n_samples + n_tail)
        spectrum = torch.fft.rfft(clips.audio, n_fft) * torch.fft.rfft(response, n_fft)
        return clips._replace(audio=torch.fft.irfft(spectrum, n_fft)[..., :n_samples])
