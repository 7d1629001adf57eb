"""How near a way of playing notes comes to recorded ones: figures of a note, for the test and for benchmarks."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evaluation.bootstrap import bootstrap_interval
from instrument.played_notes import BANK_HZ
from performing.note_curves import NoteCurves, fast

SHAPE_DB = -40.0
"""Level and shape are compared where the note is no farther below its top."""
FEWEST = 20
"""Frames that liveliness is measured over."""
FIGURES: Mapping[str, tuple[str, str]] = {
    "level_error_db": ("dB", "mean distance in level while the note is within 40 dB of its top"),
    "shape_error_db": ("dB", "the same, both sides moved to the same mean: the course alone"),
    "attack_error_ms": ("ms", "distance in time from 20 to 3 dB below the top"),
    "release_error_ms": ("ms", "distance in time from the release to 20 dB below where it was then"),
    "liveliness": ("1", "fluctuation faster than 0.2 s over the recorded note's: 1 is as lively"),
    "pitch_error_cents": ("cents", "mean distance in pitch from the note's course, where it is sure"),
    "flat_error_cents": ("cents", "the same of a pitch that does not move"),
    "pitch_liveliness": ("1", "fluctuation of the pitch over the recorded note's"),
}
"""Name -> unit, definition."""


class Played(NamedTuple):
    """A note as it was played.

    Attributes:
        top_db: level at its loudest, as expected
        db: (T,) level below that
        cents: (T,) pitch above the note's
    """

    top_db: float
    db: np.ndarray
    cents: np.ndarray


def judged(note: NoteCurves, played: Played) -> dict[str, float]:
    """The figures of a note; NaN where one cannot be told."""
    n = min(len(note.db), len(played.db))
    heard = note.db[:n] > SHAPE_DB
    apart = np.maximum(played.db[:n], SHAPE_DB - 20.0) - note.db[:n]
    level = np.abs(apart + played.top_db - note.top_db)[heard].mean()
    shape = np.abs(apart - apart[heard].mean())[heard].mean()
    sure = np.isfinite(note.cents[:n]) & (np.arange(n) <= note.release)
    off = np.abs(played.cents[:n] - note.cents[:n])[sure]
    return {
        "level_error_db": float(level),
        "shape_error_db": float(shape),
        "attack_error_ms": abs(attack_ms(played.db[:n]) - attack_ms(note.db[:n])),
        "release_error_ms": abs(release_ms(played.db, note.release) - release_ms(note.db, note.release)),
        "liveliness": _ratio(fast(played.db[:n]), fast(note.db[:n]), note.lively[:n]),
        "pitch_error_cents": float(off.mean()) if len(off) else math.nan,
        "flat_error_cents": float(np.abs(note.cents[:n][sure]).mean()) if sure.any() else math.nan,
        "pitch_liveliness": _ratio(
            fast(played.cents[:n]), fast(np.nan_to_num(note.cents[:n])), note.lively[:n] & np.isfinite(note.cents[:n])
        ),
    }


def attack_ms(db: np.ndarray) -> float:
    """From 20 to 3 dB below the top of the first half second."""
    top = db[: int(0.5 * BANK_HZ)].max()
    begun = int(np.argmax(db > top - 20.0))
    return 1e3 * (int(np.argmax(db > top - 3.0)) - begun) / BANK_HZ


def release_ms(db: np.ndarray, release: int) -> float:
    """From the release to 20 dB below where the note was then; NaN if it never is."""
    if release >= len(db):
        return math.nan
    fallen = np.flatnonzero(db[release:] < db[release] - 20.0)
    return 1e3 * int(fallen[0]) / BANK_HZ if len(fallen) else math.nan


def summary(figures: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Mean, median, 95 % interval over notes and n of each figure."""
    found = {}
    for name in FIGURES:
        values = np.array([each[name] for each in figures])
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        low, high = bootstrap_interval(known, "mean")
        found[name] = {
            **{"mean": float(known.mean()), "median": float(np.median(known)), "low": low, "high": high},
            "n_notes": len(known),
        }
    return found


def _ratio(made: np.ndarray, real: np.ndarray, counted: np.ndarray) -> float:
    if counted.sum() < FEWEST:
        return math.nan
    power = float(np.mean(real[counted] ** 2))
    return float(np.sqrt(np.mean(made[counted] ** 2) / power)) if power > 0 else math.nan
