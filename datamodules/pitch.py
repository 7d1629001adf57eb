"""Pitch trackers: audio to fundamental frequency and how sure the tracker is of it."""

from abc import ABC, abstractmethod
from functools import cache
from typing import Any, NamedTuple

import librosa
import numpy as np

from synths.clip import ClipFormat

VOICED = 0.5
YIN_WINDOW_S = 0.128
REPETITION_WINDOW_S = 0.064
SILENCE = 1e-4


class NoPitch(ValueError):
    """Nothing in the sound has a pitch the tracker is sure of."""


class Pitch(NamedTuple):
    """Shapes: f0_hz (F,) float32, always positive; confidence (F,) float32 in 0..1."""

    f0_hz: np.ndarray
    confidence: np.ndarray


class PitchTracker(ABC):
    """Hears the fundamental frequency of a monophonic sound once per control frame."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Name, version and settings: two trackers of one identity return the same numbers."""

    @abstractmethod
    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio at the clip's rate, of any length -> pitch in F = ceil(N / hop) frames, frame t at sample t * hop.

        Raises:
            NoPitch: if no frame is voiced
        """


class Yin(PitchTracker):
    """YIN (de Cheveigné & Kawahara 2002): the shortest shift at which the sound repeats itself.

    Confidence is the similarity of the sound to itself one period later (McLeod & Wyvill 2005), 1 for perfect repetition.

    Args:
        lowest_hz: nothing lower is heard
        highest_hz: nothing higher is heard
    """

    def __init__(self, lowest_hz: float = 32.7, highest_hz: float = 4200.0) -> None:
        self.lowest_hz = lowest_hz
        self.highest_hz = highest_hz

    @property
    def identity(self) -> str:
        """Name, version and range."""
        return f"yin librosa {librosa.__version__} {self.lowest_hz:g}-{self.highest_hz:g} Hz"

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        n_frames = -(-len(audio) // clip.hop)
        f0_hz = librosa.yin(
            audio,
            fmin=self.lowest_hz,
            fmax=self.highest_hz,
            sr=clip.sample_rate,
            frame_length=2 * round(YIN_WINDOW_S * clip.sample_rate / 2),
            hop_length=clip.hop,
        )[:n_frames]
        return bridged(f0_hz, repetition(audio, f0_hz, clip))


class SwiftF0(PitchTracker):
    """The swift-f0 network (Nieradzik 2025): sure of itself only where there is pitch; hears 47 to 2094 Hz."""

    @property
    def identity(self) -> str:
        """Name and version of the network."""
        return f"swift-f0 {_library().__version__}"

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
    voiced = np.flatnonzero((confidence >= VOICED) & (f0_hz > 0))
    if not len(voiced):
        raise NoPitch(f"no frame has a clear pitch (best confidence {confidence.max():.2f} of 1)")
    log_f0 = np.interp(np.arange(len(f0_hz)), voiced, np.log(f0_hz[voiced]))
    return Pitch(np.exp(log_f0).astype(np.float32), np.clip(confidence, 0, 1).astype(np.float32))


def repetition(audio: np.ndarray, f0_hz: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(N,) audio, (F,) f0_hz -> (F,) how alike the sound is one period later, 0 (nothing) to 1 (the same).

    Clearly below -80 dBFS nothing repeats: silence is at 0.
    """
    period = clip.sample_rate / f0_hz
    whole = period.astype(int)
    width = round(REPETITION_WINDOW_S * clip.sample_rate)
    margin = width + int(period.max()) + 2
    padded = np.pad(audio, margin)
    start = np.arange(len(f0_hz)) * clip.hop + margin - (width + whole) // 2
    now = start[:, None] + np.arange(width)
    share = (period - whole).astype(np.float32)[:, None]
    here = padded[now]
    later = (1 - share) * padded[now + whole[:, None]] + share * padded[now + whole[:, None] + 1]
    power = (here**2 + later**2).sum(axis=1) + 2 * width * SILENCE**2
    return np.clip(2 * (here * later).sum(axis=1) / power, 0, 1)


def _library() -> Any:
    try:
        import swift_f0
    except ImportError as error:
        raise ImportError("The SwiftF0 tracker needs the package swift-f0: pip install swift-f0") from error
    return swift_f0


@cache
def _detector() -> Any:
    """One network per process; one thread, because clips are tracked in parallel."""
    return _library().SwiftF0(threads=1, spin=False)
