"""Pitch of stiff strings: Yin's, moved to where their partials say that it is."""

import re
from itertools import pairwise

import numpy as np

from sounds.pitch import VOICED, Pitch
from sounds.yin import Yin
from synths.clip import ClipFormat
from synths.stiff_pitch import stiff_note

VERSION = 1
"""Goes up whenever the same sound gets other numbers."""
STEADY_SEMITONES = 0.5
"""A step of more than that between frames begins another note."""
SHORTEST_S = 0.25


class YinStrings(Yin):
    """Yin for piano, guitar and harp, whose stiff strings it hears sharp; the range is set as Yin's.

    Yin hears how a sound repeats, and partials above the harmonics make it repeat sooner. Each steady stretch is moved
    by what the regression of its partials says (`stiff_note`); where too few stand out, it stays as Yin heard it.
    """

    @property
    def identity(self) -> str:
        """Name and version, then Yin's."""
        return f"strings {VERSION} {super().identity}"

    @classmethod
    def recalled(cls, identity: str) -> "YinStrings | None":
        """A tracker with the range of an identity, of this or a former version."""
        known = re.fullmatch(r"strings \d+ (yin .*)", identity)
        yin = Yin.recalled(known[1]) if known else None
        return cls(yin.lowest_hz, yin.highest_hz) if yin else None

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        heard = super().track(audio, clip)
        f0_hz = heard.f0_hz.copy()
        for first, last in _steady(heard):
            if (last - first) * clip.hop >= SHORTEST_S * clip.sample_rate:
                middle_hz = float(np.median(f0_hz[first:last]))
                note = stiff_note(np.asarray(audio)[first * clip.hop : last * clip.hop], clip.sample_rate, middle_hz)
                f0_hz[first:last] *= 1.0 if note is None else note.f0_hz / middle_hz
        return Pitch(f0_hz, heard.confidence)


def _steady(heard: Pitch) -> list[tuple[int, int]]:
    """First frame, and the one after the last, of each stretch that is voiced and without a step in pitch.

    Frames before and after that are not voiced, whose pitch is held, belong to it.
    """
    number = 12.0 * np.log2(heard.f0_hz)
    steps = np.flatnonzero(np.abs(np.diff(number)) > STEADY_SEMITONES) + 1
    edges = [0, *steps.tolist(), len(number)]
    stretches = [(first, last) for first, last in pairwise(edges) if last > first]
    return [(first, last) for first, last in stretches if (heard.confidence[first:last] >= VOICED).any()]
