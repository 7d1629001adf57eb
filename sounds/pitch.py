"""What a pitch tracker promises, and the neural one."""

import math
from abc import ABC, abstractmethod
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from output.extras import require
from synths.clip import ClipFormat

VOICED = 0.5


class NoPitch(ValueError):
    """Nothing in the sound has a pitch the tracker is sure of."""


class Pitch(NamedTuple):
    """Shapes: f0_hz (F,) float32, always positive; confidence (F,) float32 in 0..1."""

    f0_hz: np.ndarray
    confidence: np.ndarray


class PitchTracker(ABC):
    """Hears the fundamental frequency of a monophonic sound once per control frame.

    `lowest_hz` and `highest_hz` are the ends of what it hears.
    """

    lowest_hz: float = 0.0
    highest_hz: float = math.inf

    @property
    @abstractmethod
    def identity(self) -> str:
        """Name, version and settings: two trackers of one identity return the same numbers."""

    @classmethod
    def recalled(cls, identity: str) -> "PitchTracker | None":
        """A tracker with the settings that an identity names; None if the identity is of another kind."""
        return None

    @abstractmethod
    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio at the clip's rate, of any length -> pitch in F = ceil(N / hop) frames, frame t at sample t * hop.

        Raises:
            NoPitch: if no frame is voiced
        """


class SwiftF0(PitchTracker):
    """The swift-f0 network (Nieradzik 2025), which the package swift-f0 brings: hears 47 to 2094 Hz.

    What lies beyond is heard octaves off, with confidence.
    """

    lowest_hz, highest_hz = 47.0, 2094.0

    @property
    def identity(self) -> str:
        """Name and version of the network."""
        return f"swift-f0 {_swift_f0().__version__}"

    @classmethod
    def recalled(cls, identity: str) -> "SwiftF0 | None":
        """The network, if it is named."""
        return cls() if identity.startswith("swift-f0 ") else None

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        heard = _detector().detect(audio, clip.sample_rate)
        frame_s = np.arange(-(-len(audio) // clip.hop)) * clip.hop / clip.sample_rate
        f0_hz = np.exp(np.interp(frame_s, heard.timestamps, np.log(heard.pitch_hz)))
        return bridged(f0_hz, np.interp(frame_s, heard.timestamps, heard.confidence))


def bridged(f0_hz: np.ndarray, confidence: np.ndarray) -> Pitch:
    """Pitch that is positive everywhere: unvoiced gaps are bridged in log-frequency, the ends held.

    Raises:
        NoPitch: if no frame is voiced (confidence 0.5 or more)
    """
    voiced = np.flatnonzero(confidence >= VOICED)
    if not len(voiced):
        surest = confidence.max(initial=0)
        raise NoPitch(f"no part of it has a clear pitch (the surest has confidence {surest:.2f} of 1)")
    log_f0 = np.interp(np.arange(len(f0_hz)), voiced, np.log(f0_hz[voiced]))
    return Pitch(np.exp(log_f0).astype(np.float32), np.clip(confidence, 0, 1).astype(np.float32))


def _swift_f0() -> Any:
    require("swift", "swift_f0")
    import swift_f0

    return swift_f0


@cache
def _detector() -> Any:
    """One network per process; one thread, because clips are tracked in parallel."""
    return _swift_f0().SwiftF0(threads=1, spin=False)
