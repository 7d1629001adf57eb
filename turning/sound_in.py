"""A sound that is read in stretches, all channels as they are: from a file or from memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import soundfile

from sounds.audio import refuse_no_sound
from sounds.headers import UnusableAudio
from sounds.sound_file import opened

SHORTEST_S = 0.1


class SoundIn(Protocol):
    """n_frames samples of n_channels channels, `rate` of them a second; `label` is what messages call it."""

    label: str
    rate: int
    n_channels: int
    n_frames: int

    def read(self, start: int, stop: int) -> np.ndarray:
        """(stop - start, channels) float64, full scale 1."""
        ...


class ArrayIn:
    """A sound in memory.

    Args:
        audio: (n,) or (n, channels)
        rate: samples per second
    """

    def __init__(self, audio: np.ndarray, rate: int) -> None:
        self.audio, self.rate, self.label = np.asarray(audio, np.float64).reshape(len(audio), -1), rate, "the sound"
        self.n_frames, self.n_channels = self.audio.shape
        refuse_no_sound(self.label, self.audio)

    def read(self, start: int, stop: int) -> np.ndarray:
        """(stop - start, channels) float64."""
        return self.audio[start:stop]


class LoweredIn:
    """A sound at a gain.

    Args:
        sound: as it was
        gain: factor, 1 at most
    """

    def __init__(self, sound: SoundIn, gain: float) -> None:
        self.sound, self.gain, self.label = sound, gain, sound.label
        self.rate, self.n_channels, self.n_frames = sound.rate, sound.n_channels, sound.n_frames

    def read(self, start: int, stop: int) -> np.ndarray:
        """(stop - start, channels) float64."""
        return self.gain * self.sound.read(start, stop)


class FileIn:
    """A sound file that is open."""

    def __init__(self, path: str, file: soundfile.SoundFile) -> None:
        self.label, self.file = path, file
        self.rate, self.n_channels, self.n_frames = int(file.samplerate), int(file.channels), int(file.frames)

    def read(self, start: int, stop: int) -> np.ndarray:
        """(stop - start, channels) float64; raises UnusableAudio where they are no sound or not there."""
        self.file.seek(start)
        audio = self.file.read(stop - start, dtype="float64", always_2d=True)
        if len(audio) < stop - start:
            raise UnusableAudio(f"{self.label} ends before its header says: copy it again, or convert it to WAV.")
        refuse_no_sound(self.label, audio)
        return audio


@contextmanager
def file_in(path: str) -> Iterator[FileIn]:
    """Open a sound file; raises UnusableAudio if it cannot be read, or is too short to be turned."""
    with opened(path) as file:
        sound = FileIn(path, file.file)
        if sound.n_frames < SHORTEST_S * sound.rate:
            raise UnusableAudio(
                f"{path} lasts {sound.n_frames / sound.rate:.2g} s: a sound shorter than {SHORTEST_S:g} s cannot be "
                "turned."
            )
        yield sound
