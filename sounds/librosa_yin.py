"""librosa's YIN, to check another tracker with."""

from importlib.metadata import version

import librosa
import numpy as np
import soxr

from sounds.pitch import Pitch, PitchTracker, bridged
from synths.clip import ClipFormat

LAG_RATE_HZ = 64000
"""At 16 kHz a period of 4 kHz is only 4 samples, and octaves get lost."""
WINDOW_S = 0.1
TROUGH = 0.05
"""librosa's own 0.1 takes weak fundamentals for their octaves."""
LIKENESS_S = 0.064
SILENCE = 1e-4


class LibrosaYin(PitchTracker):
    """YIN as librosa has it, frame by frame in windows of 0.1 s: other code, windows and choices than `Yin`'s.

    Confidence is the likeness of the sound to itself one period later (McLeod & Wyvill 2005).
    """

    lowest_hz, highest_hz = 27.0, 4400.0

    @property
    def identity(self) -> str:
        """Name, librosa's version, range."""
        return f"librosa-yin {version('librosa')} {self.lowest_hz:g}-{self.highest_hz:g} Hz"

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        audio = np.asarray(audio, np.float32)
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
            trough_threshold=TROUGH,
        )[: -(-len(audio) // clip.hop)]
        return bridged(f0_hz, likeness(audio, f0_hz, clip))


def likeness(audio: np.ndarray, f0_hz: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(N,) audio, (F,) pitch -> (F,) how alike the sound is one period later, 0 to 1; silence is like nothing."""
    period = clip.sample_rate / f0_hz
    whole = period.astype(int)
    width = round(LIKENESS_S * clip.sample_rate)
    padded = np.pad(audio, width + int(period.max()) + 2)
    start = np.arange(len(f0_hz)) * clip.hop + (len(padded) - len(audio)) // 2 - (width + whole) // 2
    now = start[:, None] + np.arange(width)
    share = (period - whole).astype(np.float32)[:, None]
    here = padded[now]
    later = (1 - share) * padded[now + whole[:, None]] + share * padded[now + whole[:, None] + 1]
    energy = (here**2 + later**2).sum(axis=1) + 2 * width * SILENCE**2
    return np.clip(2 * (here * later).sum(axis=1) / energy, 0, 1)
