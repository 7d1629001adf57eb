"""Whether a sound has a pitch, and which."""

import numpy as np

from sounds.pitch import VOICED, NoPitch
from sounds.yin import Yin
from synths import ClipFormat

TRACKER = Yin
VOICED_SHARE = 0.66
"""Share of what sounds that must have a pitch: cymbals have one half of the time, instruments nine times in ten."""

JUMP_OCTAVES, SHORTEST_NOTE_S = 0.8, 0.08
"""A tracker slips by an octave and more, at onsets and in what dies away; no voice leaps so for less than a note."""


def tracked(audio: np.ndarray, clip: ClipFormat) -> np.ndarray:
    """(N,) audio -> (F,) pitch in Hz, NaN where none is heard."""
    try:
        pitch = TRACKER().track(audio, clip)
    except NoPitch:
        return np.full(-(-len(audio) // clip.hop), np.nan)
    return np.where(pitch.confidence >= VOICED, pitch.f0_hz, np.nan)


def without_slips(f0_hz: np.ndarray, sounding: np.ndarray, frame_s: float) -> np.ndarray:
    """(F,) pitch -> the same, NaN where a jump sets a stretch apart that is too short for a note or too soft to count.

    Args:
        f0_hz: (F,) NaN where none was heard
        sounding: (F,) True where the sound counts
        frame_s: length of a frame
    """
    kept, known = f0_hz.copy(), np.flatnonzero(np.isfinite(f0_hz) & sounding)
    jumps = np.abs(np.diff(np.log2(f0_hz[known]))) > JUMP_OCTAVES
    for stretch in np.split(known, np.flatnonzero(jumps) + 1) if jumps.any() else ():
        if len(stretch) * frame_s < SHORTEST_NOTE_S:
            kept[stretch] = np.nan
    usual = np.nanmedian(np.where(sounding, np.log2(kept), np.nan)) if np.isfinite(kept[sounding]).any() else np.nan
    kept[~sounding & (np.abs(np.log2(kept) - usual) > JUMP_OCTAVES)] = np.nan
    return kept


def bridged_over(f0_hz: np.ndarray, sounding: np.ndarray, frame_s: float) -> np.ndarray:
    """A pitch for every frame: gaps are bridged in log-frequency, the ends held.

    Args:
        f0_hz: (F,) NaN where none was heard
        sounding: (F,) True where the sound counts
        frame_s: length of a frame

    Raises:
        NoPitch: too little of what sounds has one
    """
    f0_hz = without_slips(f0_hz, sounding, frame_s)
    known = np.isfinite(f0_hz)
    share = (known & sounding).sum() / max(1, sounding.sum())
    if share < VOICED_SHARE:
        raise NoPitch(f"{share:.0%} of what sounds has a clear pitch")
    places = np.flatnonzero(known)
    return np.exp(np.interp(np.arange(len(f0_hz)), places, np.log(f0_hz[places])))
