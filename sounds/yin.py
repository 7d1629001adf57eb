"""Pitch by YIN's difference function, in windows that grow with the period."""

import re

import numpy as np
import soxr

from sounds.pitch import VOICED, NoPitch, Pitch, PitchTracker, bridged
from sounds.pitch_path import best_path, lasts
from sounds.repeats import WINDOWS, dips
from synths.clip import ClipFormat

VERSION = 2
"""Goes up whenever the same sound gets other numbers; 1 was librosa's YIN with a median over 0.2 s."""

LOWEST_HZ, HIGHEST_HZ = 20.0, 7500.0
REACH_HZ = 8000
"""Nothing above is tracked."""
REACHED = 0.1
"""Where less of the power than this lies below, what is below is not what sounds."""
UNSURE = 0.4
"""The most confidence of what does not last as long as a pitch must."""
NEAR_S = 0.01
SURROUNDED = 0.05
"""Where there is less power than this share of that around it, the note has not begun, or is over."""
LONGEST_S = max(window.length_s for window in WINDOWS)


class Yin(PitchTracker):
    """YIN (de Cheveigné & Kawahara 2002) in windows of 20 to 130 ms, and the likeliest path through its dips.

    Confidence is one minus the depth of the dip: how much better the sound repeats after a period than after shorter
    times, 1 for the same again. It is 0 where the pitch lies outside the range.

    Args:
        lowest_hz: what is lower has no pitch; 20 at least
        highest_hz: what is higher has no pitch; 7500 at most
    """

    def __init__(self, lowest_hz: float = 27.0, highest_hz: float = 4400.0) -> None:
        if not LOWEST_HZ <= lowest_hz < highest_hz <= HIGHEST_HZ:
            raise ValueError(
                f"Yin hears {lowest_hz:g} to {highest_hz:g} Hz: choose {LOWEST_HZ:g} <= lowest_hz < highest_hz <= "
                f"{HIGHEST_HZ:g}."
            )
        self.lowest_hz = lowest_hz
        self.highest_hz = highest_hz

    @property
    def identity(self) -> str:
        """Name, version and range."""
        return f"yin {VERSION} {self.lowest_hz:g}-{self.highest_hz:g} Hz"

    @classmethod
    def recalled(cls, identity: str) -> "Yin | None":
        """A tracker with the range of an identity, of this or a former version."""
        settings = re.fullmatch(r"yin (?:librosa \S+|\d+) ([\d.]+)-([\d.]+) Hz", identity)
        return cls(max(float(settings[1]), LOWEST_HZ), min(float(settings[2]), HIGHEST_HZ)) if settings else None

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        audio, frame_s = np.asarray(audio, np.float32), clip.hop / clip.sample_rate
        if not len(audio):
            raise NoPitch("it is empty")
        centre_s = np.arange(-(-len(audio) // clip.hop)) * frame_s
        found = dips(audio, clip.sample_rate, centre_s)
        there = presence(audio, clip.sample_rate, centre_s)
        found = found._replace(depth=1 - there[:, None] * (1 - found.depth))
        chosen = best_path(found, frame_s)[:, None]
        period_s, depth = (np.take_along_axis(part, chosen, axis=1)[:, 0] for part in found)
        heard = (period_s >= 1 / self.highest_hz) & (period_s <= 1 / self.lowest_hz)
        confidence = np.where(heard, 1 - depth, 0)
        lasting = lasts(period_s, confidence >= VOICED, frame_s)
        confidence = np.where(lasting, confidence, np.minimum(confidence, UNSURE))
        return bridged(1 / np.where(heard, period_s, 1), confidence)


def presence(audio: np.ndarray, sample_rate: int, centre_s: np.ndarray) -> np.ndarray:
    """(N,) audio, (F,) times -> (F,) 1 where the sound that is tracked is there, 0 where only its surroundings sound.

    What is tracked lies below 8 kHz: a hum beneath a whistle of 9 kHz is not its pitch. The windows of low notes reach
    beyond the beginning and end of a note.
    """
    is_low = sample_rate <= 2 * REACH_HZ
    low = audio if is_low else soxr.resample(audio, sample_rate, 2 * REACH_HZ)
    here = _power(low, min(sample_rate, 2 * REACH_HZ), centre_s, NEAR_S)
    around = _power(audio, sample_rate, centre_s, LONGEST_S / 2)
    expected = np.maximum(REACHED * _power(audio, sample_rate, centre_s, NEAR_S), SURROUNDED * around)
    return np.minimum(here / np.maximum(expected, np.finfo(np.float32).tiny), 1).astype(np.float32)


def _power(sound: np.ndarray, sample_rate: int, centre_s: np.ndarray, reach_s: float) -> np.ndarray:
    """(N,) sound -> (F,) mean power from `reach_s` before to `reach_s` after these times; outside is silence."""
    so_far = np.cumsum(np.pad(sound.astype(np.float64) ** 2, (1, 0))) / (2 * reach_s * sample_rate)
    first, last = (np.rint((centre_s + side) * sample_rate).astype(int) for side in (-reach_s, reach_s))
    return so_far[np.minimum(last, len(sound))] - so_far[np.clip(first, 0, len(sound))]
