"""Where clips come from: what a data set says of each, before anything is read."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sounds.audio import READING, Channel, read_clip
from sounds.pitch import Pitch
from synths.clip import ClipFormat


class Sound(ABC):
    """One stretch of sound, and how to get it. Travels to other processes: holds no open file."""

    @abstractmethod
    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, its end padded with silence.

        Raises:
            UnusableAudio: if it cannot become a clip; the message names it, what is wrong and the mend
        """

    @abstractmethod
    def stamp(self) -> str:
        """Changes when what `read` returns would."""

    @property
    @abstractmethod
    def place(self) -> tuple[str, float]:
        """File and position: sounds read in this order are read fastest."""

    def pitch(self, clip: ClipFormat) -> Pitch | None:
        """Its pitch, where the data set knows it exactly; None is to track it."""
        return None


@dataclass(frozen=True)
class FileSound(Sound):
    """A stretch of a sound file.

    Args:
        path: a sound file at any rate
        start_s: where in the file it starts
        channel: which channel to hear
    """

    path: str
    start_s: float = 0.0
    channel: Channel = "mix"

    def read(self, clip: ClipFormat) -> np.ndarray:
        """(N,) float32, its end padded with silence; raises UnusableAudio."""
        return read_clip(self.path, clip, self.start_s, self.channel)

    def stamp(self) -> str:
        """Changes with the file's size or date, or with the part of it that is heard."""
        try:
            status = os.stat(self.path)
        except OSError:
            return "absent"
        return f"{status.st_size} {status.st_mtime_ns} {self.start_s:.6f} {self.channel} {READING}"

    @property
    def place(self) -> tuple[str, float]:
        """The file, and where in it."""
        return self.path, self.start_s


@dataclass(frozen=True)
class Source:
    """One clip, and what its data set says of it.

    Args:
        name: unique in its split
        sound: where it is
        labels: a number per label
        untouched: of a pair, the sound that a device made `sound` of; pitch is heard on it
        problem: why the clip cannot be used, where the data set itself knows; empty if it can
    """

    name: str
    sound: Sound
    labels: Mapping[str, float] = field(default_factory=dict)
    untouched: Sound | None = None
    problem: str = ""

    def stamp(self) -> str:
        """Changes when what would be read does."""
        return " | ".join(sound.stamp() for sound in (self.sound, self.untouched) if sound is not None)


class Heard(NamedTuple):
    """What a prepared clip sounds like, in three numbers.

    median_f0_hz: of the frames with a clear pitch; voiced: their share; sounding: the share of frames within 60 dB of
    the loudest.
    """

    median_f0_hz: float
    voiced: float
    sounding: float
