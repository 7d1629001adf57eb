"""How the level of a note goes: a recorded course, held by its loop, or a plain one. As envelope.js of the page.

A performer says which course a note has. Whatever learns to shape notes stands in here.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

BANK_HZ = 100.0
FALL_DB_PER_S = 400.0
"""After the end of a recorded release."""


class NoteCourse(Protocol):
    """Level of one note, in dB below its top.

    Attributes:
        dies_s: when it is no more heard although it is held; infinite where it lasts
    """

    @property
    def dies_s(self) -> float: ...

    def held_db(self, age_s: np.ndarray) -> np.ndarray:
        """Seconds since it began -> dB below its top, while it is held."""
        ...

    def fallen_db(self, released_s: np.ndarray) -> np.ndarray:
        """Seconds since it was let go -> dB below where it was then."""
        ...


Performer = Callable[[float, float], NoteCourse]
"""MIDI pitch and velocity (0..1) -> the course of the note."""


class PlainCourse(NamedTuple):
    """Rise, decay to a level that is held, and release at a steady rate, 60 dB in `release_s`."""

    attack_s: float = 0.015
    decay_s: float = 0.4
    sustain_db: float = -6.0
    release_s: float = 0.18

    @property
    def dies_s(self) -> float:
        """Never."""
        return float("inf")

    def held_db(self, age_s: np.ndarray) -> np.ndarray:
        """As `NoteCourse`."""
        rising = 20.0 * np.log10(np.maximum(1e-3, age_s / self.attack_s))
        decayed = self.sustain_db * (1.0 - np.exp(-np.maximum(0.0, age_s - self.attack_s) / self.decay_s))
        return np.where(age_s < self.attack_s, rising, decayed)

    def fallen_db(self, released_s: np.ndarray) -> np.ndarray:
        """As `NoteCourse`."""
        return -60.0 * released_s / self.release_s


class RecordedCourse(NamedTuple):
    """Level of a real note.

    Attributes:
        midi, velocity: how it was played
        db: (T,) below its top, 100 times a second
        loop: first and last frame to hold it by; None where it dies away
        release: frame where it was let go
    """

    midi: float
    velocity: float
    db: np.ndarray
    loop: tuple[int, int] | None
    release: int

    @property
    def dies_s(self) -> float:
        """Where it was let go, if it has no loop."""
        return float("inf") if self.loop else self.release / BANK_HZ

    def held_db(self, age_s: np.ndarray) -> np.ndarray:
        """To the end of the loop, then back and forth in it."""
        frame = age_s * BANK_HZ
        if self.loop:
            start, end = self.loop
            way = (frame - end) % (2 * (end - start))
            looped = np.where(way < end - start, end - way, 2 * start + way - end)
            frame = np.where(frame <= end, frame, looped)
        return self._at(frame)

    def fallen_db(self, released_s: np.ndarray) -> np.ndarray:
        """As `NoteCourse`."""
        return self._at(self.release + released_s * BANK_HZ) - self.db[self.release]

    def _at(self, frame: np.ndarray) -> np.ndarray:
        last = len(self.db) - 1
        beyond = np.maximum(0.0, frame - last) / BANK_HZ * FALL_DB_PER_S
        return np.interp(frame, np.arange(len(self.db)), self.db) - beyond


def plain_performer(midi: float, velocity: float) -> NoteCourse:
    """One course for all notes."""
    return PlainCourse()


def bank_performer(cells: Sequence[Mapping[str, Any]]) -> Performer:
    """The note of a bank that was played most alike: an octave counts as half the way from softest to loudest.

    Args:
        cells: as `instrument.envelopes.envelope_bank` gives them
    """
    courses = [_opened(cell) for cell in cells]

    def performer(midi: float, velocity: float) -> NoteCourse:
        return min(courses, key=lambda each: abs(each.midi - midi) / 12 + 2 * abs(each.velocity - velocity))

    return performer


def _opened(cell: Mapping[str, Any]) -> RecordedCourse:
    halves = np.frombuffer(base64.b64decode(cell["db"]), np.uint8)
    loop = None if cell["loop"] is None else (cell["loop"][0], cell["loop"][1])
    return RecordedCourse(cell["midi"], cell["velocity"], -0.5 * halves.astype(float), loop, cell["release"])
