"""A recording in passages that are worked on one after the other, and joined without a seam."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

LENGTH_S = 20.0
MARGIN_S = 0.3
"""What is heard beyond the ends of a passage; the change fades from one to the next within the nearer half of it."""


class Passage(NamedTuple):
    """Frames of a recording: from `first` to before `last`, of which those from `start` to before `stop` count.

    `start` and `stop` are where its neighbours begin; the ends of the recording are its own.
    """

    first: int
    start: int
    stop: int
    last: int

    def weights(self, n_frames: int, hop: int) -> np.ndarray:
        """(samples,) of its change: 1, and where another passage takes over a slope that the other completes."""
        frame = np.arange((self.last - self.first) * hop) / hop + self.first
        reach = max(1, (self.start - self.first) // 2, (self.last - self.stop) // 2)
        rise = np.clip((frame - self.start) / (2 * reach) + 0.5, 0.0, 1.0) if self.start > 0 else 1.0
        fall = np.clip((self.stop - frame) / (2 * reach) + 0.5, 0.0, 1.0) if self.stop < n_frames else 1.0
        return np.broadcast_to(np.minimum(rise, fall), frame.shape)


def passages(n_frames: int, frame_s: float) -> Iterator[Passage]:
    """Passages of 20 s at most, of equal length.

    Args:
        n_frames: of the recording
        frame_s: length of a frame
    """
    count = max(1, -(-n_frames // round(LENGTH_S / frame_s)))
    margin = round(MARGIN_S / frame_s)
    edges = np.linspace(0, n_frames, count + 1).round().astype(int).tolist()
    for start, stop in pairwise(edges):
        yield Passage(max(0, start - margin), start, stop, min(n_frames, stop + margin))
