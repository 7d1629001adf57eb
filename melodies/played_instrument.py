"""What a player knows of a model, and how it is set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from melodies.note_courses import Performer, plain_performer

if TYPE_CHECKING:
    from instrument.instrument import Knob

LEGATO_GLIDE_S = 0.03
MOST_VOICES = 32
"""Notes at once; the page has 8, because it must keep up."""


class PlayedInstrument(NamedTuple):
    """What a player knows of a model.

    Attributes:
        sample_rate: in Hz
        hop: samples per frame
        knobs: C controls in order
        level: index of the knob that is the level, or -1
        level_fit: top level of a note in dB: constant, velocity, octaves above middle C, their square; None if unknown
    """

    sample_rate: int
    hop: int
    knobs: "Sequence[Knob]"
    level: int
    level_fit: Sequence[float] | None = None

    @property
    def hop_s(self) -> float:
        """Seconds per frame."""
        return self.hop / self.sample_rate


class KnobCourse(NamedTuple):
    """A number over time: (T,) moments and values, in lines between, held before and after."""

    time_s: np.ndarray
    values: np.ndarray

    def at(self, time_s: np.ndarray) -> np.ndarray:
        """Its values at some moments."""
        return np.interp(time_s, self.time_s, self.values)


@dataclass
class PlayerSettings:
    """How a player is set before the first note.

    Attributes:
        shares: (C,) of what notes of the sounding pitch reach
        places: (C,) positions instead, over time; of the level knob, where the top of each note is; None: the share
        moves: (C,) to be added, over time, in the knob's unit (level too) ...
        shifts: ... and in positions
        pressures: (C,) how much pressure adds to each share
        performer: gives each note its course of level
        vibrato: in semitones, peak to peak
        level_db: added to every note
        mono: whether notes that overlap are slurred
        glide_s: of a slur
        most: notes at once
    """

    shares: np.ndarray
    pressures: np.ndarray
    places: list[KnobCourse | None] = field(default_factory=list)
    moves: list[KnobCourse | None] = field(default_factory=list)
    shifts: list[KnobCourse | None] = field(default_factory=list)
    performer: Performer = plain_performer
    vibrato: float = 0.0
    level_db: float = 0.0
    mono: bool = False
    glide_s: float = LEGATO_GLIDE_S
    most: int = MOST_VOICES


def first_settings(n_knobs: int) -> PlayerSettings:
    """Every knob in the middle of its reach."""
    nothing: list[KnobCourse | None] = [None] * n_knobs
    return PlayerSettings(np.full(n_knobs, 0.5), np.zeros(n_knobs), list(nothing), list(nothing), list(nothing))
