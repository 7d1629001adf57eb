"""Sounds that tell their own pitch, and a tracker that reads it."""

import numpy as np
import torch

from synths.clip import ClipFormat

CLIP = ClipFormat(16000, 1600, 160)


class Told:
    """Hears what is written in the first sample, in Hz; of what has none it makes an error of some kind."""

    lowest_hz, highest_hz, identity = 50.0, 2000.0, "told"

    def track(self, audio, clip):
        if audio[0] <= 0:
            raise {0: ValueError, -1: RuntimeError, -2: ZeroDivisionError, -3: MemoryError}[int(audio[0])]("none")
        return np.full(10, audio[0], np.float32), np.ones(10, np.float32)


def sounds(*first):
    audio = torch.zeros(len(first), CLIP.n_samples)
    audio[:, 0] = torch.tensor(first)
    return audio
