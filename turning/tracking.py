"""Whether a sound has a pitch, and which."""

import numpy as np

from sounds.pitch import VOICED, NoPitch
from sounds.yin import Yin
from synths import ClipFormat

TRACKER = Yin
VOICED_SHARE = 0.66
"""Share of what sounds that must have a pitch: cymbals have one half of the time, instruments nine times in ten."""


def tracked(audio: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(N,) audio -> (F,) pitch in Hz, NaN where none is heard."""
    try:
        pitch = TRACKER().track(audio, clip)
    except NoPitch:
        return np.full(-(-len(audio) // clip.hop), np.nan)
    return np.where(pitch.confidence >= VOICED, pitch.f0_hz, np.nan)


def bridged_over(f0_hz: np.ndarray, sounding: np.ndarray) -> np.ndarray:
    """A pitch for every frame: gaps are bridged in log-frequency, the ends held.

    Args:
        f0_hz: (F,) NaN where none was heard
        sounding: (F,) True where the sound counts

    Raises:
        NoPitch: too little of what sounds has one
    """
    known = np.isfinite(f0_hz)
    share = (known & sounding).sum() / max(1, sounding.sum())
    if share < VOICED_SHARE:
        raise NoPitch(f"{share:.0%} of what sounds has a clear pitch")
    places = np.flatnonzero(known)
    return np.exp(np.interp(np.arange(len(f0_hz)), places, np.log(f0_hz[places])))
