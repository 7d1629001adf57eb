"""Notes played by a performer that has learnt: each a course of level and pitch, made as far as it is asked for."""

import numpy as np
import torch
from torch import Tensor

from instrument.played_notes import BANK_HZ
from performing.performer import Conditions, Performer

STEP = 100
"""Frames that are made at once."""
RELEASE_S = 2.0
FALL_DB_PER_S = 60.0
"""By how much a released note falls beside what was learnt, after half a second: none rings for ever."""
DEAD_DB = -45.0
"""Below its top a note that is still held is over."""


class LearntCourse:
    """One note, as `melodies.note_courses.NoteCourse` has it.

    Args:
        performer: in eval mode
        conditions: of this note alone
        seed: of what fluctuates
    """

    def __init__(self, performer: Performer, conditions: Conditions, seed: int) -> None:
        self.performer, self._generator = performer, torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self._known = performer.known(conditions)
        self._state: Tensor | None = None
        self._states: list[Tensor] = []
        self._noise: Tensor | None = None
        self.db, self.pitch_cents = np.zeros(0), np.zeros(0)
        self._asked_s = 0.0
        self._release: np.ndarray | None = None

    @property
    def dies_s(self) -> float:
        """When it is over although it is held; infinite where it was not yet."""
        dead = np.flatnonzero(self.db < DEAD_DB)
        late = dead[dead > BANK_HZ * 0.3]
        return float(late[0]) / BANK_HZ if len(late) else float("inf")

    def held_db(self, age_s: np.ndarray) -> np.ndarray:
        """Seconds since it began -> dB below its top, while it is held."""
        self._asked_s = max(self._asked_s, float(np.max(age_s, initial=0.0)))
        self._extend(self._asked_s)
        return np.interp(age_s * BANK_HZ, np.arange(len(self.db)), self.db)

    def fallen_db(self, released_s: np.ndarray) -> np.ndarray:
        """Seconds since it was let go, where it was asked last -> dB below where it was then."""
        if self._release is None:
            self._release = self._released()
        fallen = np.interp(released_s * BANK_HZ, np.arange(len(self._release)), self._release)
        return fallen - FALL_DB_PER_S * np.maximum(0.0, released_s - 0.5)

    def cents(self, age_s: np.ndarray) -> np.ndarray:
        """Seconds since it began -> pitch above the note's; after the release where it was."""
        self._extend(min(float(np.max(age_s, initial=0.0)), self._asked_s))
        return np.interp(age_s * BANK_HZ, np.arange(len(self.pitch_cents)), self.pitch_cents)

    @torch.no_grad()
    def _extend(self, age_s: float) -> None:
        while len(self.db) < age_s * BANK_HZ + 2:
            ages = torch.arange(len(self.db), len(self.db) + STEP)[None] / BANK_HZ
            held = torch.full_like(ages, -1.0)
            courses = self.performer.courses(self._known, ages, held, self._state)
            drawn, self._noise = self.performer.drawn(courses, self._generator, self._noise)
            self._state = courses.state[:, -1]
            self._states.append(courses.state[0])
            self.db = np.append(self.db, (courses.db + drawn[..., 0])[0].double().numpy())
            self.pitch_cents = np.append(self.pitch_cents, (courses.cents + drawn[..., 1])[0].double().numpy())

    @torch.no_grad()
    def _released(self) -> np.ndarray:
        """(T,) dB below the level at the release, 0 in the first frame."""
        self._extend(self._asked_s)
        frame = min(int(self._asked_s * BANK_HZ), len(self.db) - 1)
        state = torch.cat(self._states)[frame][None]
        released_s = torch.arange(1, int(RELEASE_S * BANK_HZ))[None] / BANK_HZ
        courses = self.performer.courses(self._known, frame / BANK_HZ + released_s, released_s, state)
        db = courses.db[0].double().numpy()
        return np.concatenate([[0.0], np.minimum(db - self.db[frame], 0.0)])


class LearntPerformer:
    """A performer for whoever plays notes: `melodies.note_courses.Performer`.

    Args:
        performer: in eval mode
        instrument: that it plays as
        seed: of all its notes; the n-th note draws by its number
    """

    def __init__(self, performer: Performer, instrument: str, seed: int = 0) -> None:
        self.performer, self.index, self.seed, self.n_notes = performer, performer.index_of(instrument), seed, 0

    def __call__(self, midi: float, velocity: float) -> LearntCourse:
        """MIDI pitch and velocity (0..1) -> the course of the next note."""
        self.n_notes += 1
        seed = int(np.random.SeedSequence((self.seed, self.n_notes)).generate_state(1)[0])
        told = Conditions(torch.tensor([self.index]), torch.tensor([float(midi)]), torch.tensor([float(velocity)]))
        return LearntCourse(self.performer, told, seed)
