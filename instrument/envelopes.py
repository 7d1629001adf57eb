"""How the level of an instrument's notes goes: a bank of real ones, to play others by."""

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from instrument.played_notes import BANK_HZ, PlayedNote, medoid

PITCHES, VELOCITIES = 3, 2
"""Cells of a bank: on held-out notes 3 x 2 medoids err by 3.23 dB, one by 3.91, an ADSR for each instrument by 3.78."""

HEARD_DB, QUIETEST_DB = -50.0, -80.0
HELD_DB = 10.0
"""A held note is let go where its level leaves this much of its middle for good."""

DIES_DB_PER_S = 12.0
"""A note that falls faster while it is held dies away: it has no loop."""

SHORTEST_LOOP = 20


class LevelCourse(NamedTuple):
    """Level of one note below its top.

    Attributes:
        db: (T,) 100 times a second, from its beginning on
        loop: first and last frame to hold it by; None where it dies away
        release: frame where it is let go
    """

    db: np.ndarray
    loop: tuple[int, int] | None
    release: int


def envelope_bank(name: str, notes: Sequence[PlayedNote]) -> dict[str, Any]:
    """The medoids of an instrument's notes, low to high and soft to loud.

    Returns:
        `name` and `cells`: `midi`, `velocity` (0..1), `db` (base64 of a byte for each half decibel below the top),
        `loop` and `release` as in `LevelCourse`
    """
    order = np.argsort([note.midi for note in notes], kind="stable")
    cells = []
    for pitched in np.array_split(order, min(PITCHES, len(notes))):
        velocities = np.full(len(notes), np.nan)
        velocities[pitched] = _velocities([notes[index] for index in pitched])
        softer = pitched[np.argsort(velocities[pitched], kind="stable")]
        for alike in np.array_split(softer, min(VELOCITIES, len(softer))):
            cells.append(_cell(notes, velocities, alike))
    return {"name": name, "cells": cells}


def checked_banks(told: Any) -> list[dict[str, Any]]:
    """Banks as a file tells them, with nothing but what a page reads.

    Raises:
        ValueError: they are no banks
    """
    try:
        return [{"name": str(bank["name"]), "cells": [_checked_cell(cell) for cell in bank["cells"]]} for bank in told]
    except (KeyError, TypeError, ValueError, binascii.Error, OverflowError) as error:
        raise ValueError("its envelopes are none") from error


def _checked_cell(cell: Any) -> dict[str, Any]:
    midi, velocity = float(cell["midi"]), float(cell["velocity"])
    last = len(base64.b64decode(cell["db"], validate=True)) - 1
    loop, release = cell["loop"] and [int(end) for end in cell["loop"]], int(cell["release"])
    is_sound = math.isfinite(midi) and math.isfinite(velocity) and 0 <= release <= last
    if not is_sound or (loop and not (len(loop) == 2 and 0 <= loop[0] < loop[1] <= last)):
        raise ValueError("a cell is none")
    return {"midi": midi, "velocity": velocity, "db": cell["db"], "loop": loop or None, "release": release}


def course_of(level_db: np.ndarray) -> LevelCourse:
    """A note's level from its first to its last heard frame, (T,) in dB."""
    heard = np.flatnonzero(level_db > level_db.max() + HEARD_DB)
    db = np.maximum(level_db[heard[0] : heard[-1] + 1] - level_db.max(), QUIETEST_DB)
    db = np.concatenate([db, np.linspace(db[-1], QUIETEST_DB, 6)[1:]])
    # What is over at -20 dB of its top begins, and what lasts until it leaves the level of its middle.
    begun = int(np.argmax(db > -3.0))
    middle = float(np.median(db[begun : max(begun + 1, len(db) * 3 // 4)]))
    release = int(np.flatnonzero(db > middle - HELD_DB)[-1])
    held = np.arange(begun + (release - begun) // 4, release - (release - begun) // 8)
    if len(held) < SHORTEST_LOOP or abs(np.polyfit(held / BANK_HZ, db[held], 1)[0]) > DIES_DB_PER_S:
        return LevelCourse(db, None, release)
    return LevelCourse(db, (int(held[0]), int(held[-1])), release)


def _cell(notes: Sequence[PlayedNote], velocities: np.ndarray, alike: np.ndarray) -> dict[str, Any]:
    courses = [course_of(notes[index].level_db) for index in alike]
    longest = max(len(course.db) for course in courses)
    padded = np.stack([np.pad(course.db, (0, longest - len(course.db)), constant_values=-60.0) for course in courses])
    distances = np.abs(np.maximum(padded, -60.0)[:, None] - np.maximum(padded, -60.0)[None]).mean(axis=2)
    course = courses[medoid(distances)]
    written = np.round(-2.0 * course.db).clip(0, 255).astype(np.uint8).tobytes()
    return {
        "midi": round(float(np.median([notes[index].midi for index in alike])), 1),
        "velocity": round(float(np.median(velocities[alike])), 2),
        "db": base64.b64encode(written).decode(),
        "loop": course.loop,
        "release": course.release,
    }


def _velocities(notes: Sequence[PlayedNote]) -> np.ndarray:
    """As notes of about one pitch tell them; otherwise the rank of their loudest moment."""
    told = np.array([note.velocity for note in notes])
    tops = np.array([note.level_db.max() for note in notes])
    ranks = np.argsort(np.argsort(tops, kind="stable"), kind="stable") / max(1, len(notes) - 1)
    return np.where(np.isnan(told), ranks, told)
