"""Pitch of notes and of what is made of them, by a tracker that did not tell it."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from evaluation.resynthesis.pair import Pair
from synths.clip import ClipFormat


class Tracker(Protocol):
    """What hears pitch; the data's own."""

    def track(self, audio: np.ndarray, clip: ClipFormat) -> tuple[np.ndarray, np.ndarray]:
        """(N,) audio -> (F,) pitch in Hz, always positive, and (F,) confidence in 0..1."""
        ...


class RangedTracker(Tracker, Protocol):
    """One that says what it can hear, and which it is."""

    lowest_hz: float
    highest_hz: float
    identity: str


def track(tracker: Tracker, audio: Tensor, clip: ClipFormat) -> tuple[Tensor, Tensor]:
    """(B, N) audio -> its (B, F) pitch in Hz and confidence; where nothing is heard, 1 Hz and no confidence."""
    tracks = []
    for sound in audio.numpy():
        try:
            tracks.append(tracker.track(sound, clip))
        except Exception:  # whatever it is, one note never costs the others their numbers
            n_frames = len(sound) // clip.hop
            tracks.append((np.ones(n_frames, np.float32), np.zeros(n_frames, np.float32)))
    f0_hz, confidence = zip(*tracks, strict=True)
    return torch.from_numpy(np.stack(f0_hz)), torch.from_numpy(np.stack(confidence))


class TrackedTarget:
    """Target notes with their pitch, to be paired with anything that is made of them.

    Args:
        tracker: what hears the pitch of both sides
        audio: (B, N)
        told_hz: (B, F) the pitch that the model is told: where the tracker cannot hear it, no pitch is judged
        clip: format of the run
    """

    def __init__(self, tracker: RangedTracker, audio: Tensor, told_hz: Tensor, clip: ClipFormat) -> None:
        self.tracker, self.audio, self.clip = tracker, audio.cpu(), clip
        self.f0_hz, confidence = track(tracker, self.audio, clip)
        # What lies outside its range it hears octaves off, and alike on both sides: such frames are not judged.
        told = told_hz.cpu()
        self.confidence = confidence * ((told >= tracker.lowest_hz) & (told <= tracker.highest_hz))

    def with_output(self, audio: Tensor) -> Pair:
        """(B, N) what was made of them -> both, with their pitches."""
        output = audio.cpu()
        heard = output.nan_to_num(0.0, 0.0, 0.0)  # a tracker refuses what is not sound; no figure counts it
        output_hz, output_sure = track(self.tracker, heard, self.clip)
        return Pair(self.audio, output, self.f0_hz, output_hz, self.confidence, output_sure)
