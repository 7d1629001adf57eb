"""Pitch by librosa's YIN, with a confidence of its own."""

import re
from importlib.metadata import version

import librosa
import numpy as np
import soxr
from scipy.ndimage import median_filter

from datamodules.pitch import Pitch, PitchTracker, bridged
from synths.clip import ClipFormat

LAG_RATE_HZ = 32000
"""Periods are searched at this rate at least: at 16 kHz one of 2 kHz is only 8 samples, and octaves get lost."""
WINDOW_S = 0.1
NEIGHBOURHOOD_S = 0.2
REPETITION_WINDOW_S = 0.064
SILENCE = 1e-4


class Yin(PitchTracker):
    """YIN (de Cheveigné & Kawahara 2002) as librosa has it, its short octave slips mended by their neighbours.

    Confidence is the likeness of the sound to itself one period later (McLeod & Wyvill 2005): 1 for the same again.

    Args:
        lowest_hz: nothing lower is heard
        highest_hz: nothing higher is heard
    """

    def __init__(self, lowest_hz: float = 32.7, highest_hz: float = 4200.0) -> None:
        if not 16 <= lowest_hz < highest_hz:
            raise ValueError(f"Yin hears {lowest_hz:g} to {highest_hz:g} Hz: choose 16 <= lowest_hz < highest_hz.")
        self.lowest_hz = lowest_hz
        self.highest_hz = highest_hz

    @property
    def identity(self) -> str:
        """Name, version and range."""
        return f"yin librosa {version('librosa')} {self.lowest_hz:g}-{self.highest_hz:g} Hz"

    @classmethod
    def recalled(cls, identity: str) -> "Yin | None":
        """A tracker with the settings of an identity."""
        settings = re.fullmatch(r"yin librosa \S+ ([\d.]+)-([\d.]+) Hz", identity)
        return cls(float(settings[1]), float(settings[2])) if settings else None

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        audio = np.asarray(audio, np.float32)
        n_frames = -(-len(audio) // clip.hop)
        fineness = -(-LAG_RATE_HZ // clip.sample_rate)
        rate = fineness * clip.sample_rate
        fine = soxr.resample(audio, clip.sample_rate, rate) if fineness > 1 else audio
        f0_hz = librosa.yin(
            np.pad(fine, (0, rate // 4)),
            fmin=self.lowest_hz,
            fmax=self.highest_hz,
            sr=rate,
            frame_length=2 * round(WINDOW_S * rate / 2),
            hop_length=fineness * clip.hop,
        )[:n_frames]
        f0_hz = without_slips(f0_hz, round(NEIGHBOURHOOD_S * clip.frame_rate_hz))
        return bridged(f0_hz, repetition(audio, f0_hz, clip))


def without_slips(f0_hz: np.ndarray, n_frames: int) -> np.ndarray:
    """(F,) pitch -> the same, but the median of its neighbours where it is over half an octave from that.

    Vibrato and glides stay as they were heard.
    """
    usual = median_filter(f0_hz, 2 * (n_frames // 2) + 1, mode="nearest")
    return np.where(np.abs(np.log2(f0_hz / usual)) > 0.5, usual, f0_hz)


def repetition(audio: np.ndarray, f0_hz: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(N,) audio, (F,) pitch -> (F,) how alike the sound is one period later, 0 to 1; silence is like nothing."""
    period = clip.sample_rate / f0_hz
    whole = period.astype(int)
    width = round(REPETITION_WINDOW_S * clip.sample_rate)
    padded = np.pad(audio, width + int(period.max()) + 2)
    start = np.arange(len(f0_hz)) * clip.hop + (len(padded) - len(audio)) // 2 - (width + whole) // 2
    now = start[:, None] + np.arange(width)
    share = (period - whole).astype(np.float32)[:, None]
    here = padded[now]
    later = (1 - share) * padded[now + whole[:, None]] + share * padded[now + whole[:, None] + 1]
    energy = (here**2 + later**2).sum(axis=1) + 2 * width * SILENCE**2
    return np.clip(2 * (here * later).sum(axis=1) / energy, 0, 1)
