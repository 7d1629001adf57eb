"""Notes as a performer learns them: how level and pitch go, 100 times a second, from where a note is first heard."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from instrument.envelopes import HEARD_DB, course_of
from instrument.played_notes import BANK_HZ, played_by
from synths import Clip, ClipFormat
from synths.descriptors import Level
from synths.signal import hz_to_midi

SURE = 0.8
"""Confidence from which on a pitch is learnt."""
MOST_CENTS = 100.0
"""What lies farther from the note's pitch is a mistake of the tracker, or another note."""
TREND_S = 0.21
"""What is slower is the note's course, what is faster its life."""
EDGE_S = 0.15
"""So near to its begin and its release a note's level changes too fast to tell life from course."""
LOUD_DB = -30.0
"""Life is measured where the level is no farther below the note's top."""


class NoteCurves(NamedTuple):
    """One note.

    Attributes:
        instrument: NSynth's name without pitch and velocity, the folder of a recording, or "" where nothing tells it
        midi: median pitch
        velocity: 0..1, by its name; NaN where that says nothing
        top_db: A-weighted level at its loudest
        db: (T,) level below that, 100 times a second
        cents: (T,) pitch above the median; NaN where it is not sure
        release: frame where the note was let go
    """

    instrument: str
    midi: float
    velocity: float
    top_db: float
    db: np.ndarray
    cents: np.ndarray
    release: int

    @property
    def lively(self) -> np.ndarray:
        """(T,) where its fluctuations are measured: held, loud, away from both ends."""
        frame, edge = np.arange(len(self.db)), int(EDGE_S * BANK_HZ)
        begun = int(np.argmax(self.db > -3.0))
        return (frame >= begun + edge) & (frame <= self.release - edge) & (self.db > LOUD_DB)


@torch.no_grad()
def note_curves(clips: Clip, clip: ClipFormat, level: Level) -> list[NoteCurves]:
    """The notes of a batch; clips of silence are left out.

    Args:
        clips: a note each
        clip: their format
        level: of that format, on the clips' device
    """
    levels_db = level.measure(clips.audio, clips.f0_hz).cpu().numpy()
    midi, sure = hz_to_midi(clips.f0_hz).cpu().numpy(), (clips.confidence >= SURE).cpu().numpy()
    moments = np.arange(0.0, levels_db.shape[1] / clip.frame_rate_hz, 1.0 / BANK_HZ) * clip.frame_rate_hz
    nearest = np.clip(np.round(moments).astype(int), 0, midi.shape[1] - 1)
    notes = []
    for row, name in enumerate(clips.name):
        level_db = np.interp(moments, np.arange(levels_db.shape[1]), levels_db[row])
        if level_db.max() <= level.default_span[0] - HEARD_DB:
            continue
        notes.append(
            _note(name, level_db, np.where(sure[row], midi[row], np.nan)[nearest], float(np.median(midi[row])))
        )
    return notes


def fast(curve: np.ndarray) -> np.ndarray:
    """(T,) or (B, T) without its trend: a moving mean over `TREND_S`, whose window ends with the curve."""
    half = int(TREND_S * BANK_HZ) // 2
    padded = np.concatenate([np.zeros_like(curve[..., :1]), np.cumsum(curve, axis=-1)], axis=-1)
    frame = np.arange(curve.shape[-1])
    first, last = np.maximum(frame - half, 0), np.minimum(frame + half + 1, curve.shape[-1])
    fluctuation: np.ndarray = curve - (padded[..., last] - padded[..., first]) / (last - first)
    return fluctuation


def strengths(notes: Sequence[NoteCurves], tops_db: np.ndarray) -> np.ndarray:
    """How hard each note was played, 0 to 1: as its name says, or by where its top lies among those of its instrument.

    Args:
        notes: any
        tops_db: (n, Q) quantiles of the instruments' tops, a row for each note
    """
    ranks = [
        np.interp(note.top_db, row, np.linspace(0.0, 1.0, len(row))) for note, row in zip(notes, tops_db, strict=True)
    ]
    told = np.array([note.velocity for note in notes])
    return np.where(np.isnan(told), np.array(ranks), told)


def _note(name: str, level_db: np.ndarray, sure_midi: np.ndarray, median: float) -> NoteCurves:
    course = course_of(level_db)
    begin = int(np.argmax(level_db > level_db.max() + HEARD_DB))
    known = sure_midi[begin : begin + len(course.db)]
    cents = np.full(len(course.db), np.nan)
    cents[: len(known)] = 100.0 * (known - median)
    held = cents[np.arange(len(cents)) <= course.release]
    if np.isfinite(held).any():
        cents = cents - np.nanmedian(held)
    instrument, velocity = played_by(name)
    cents = np.where(np.abs(cents) <= MOST_CENTS, cents, np.nan)
    return NoteCurves(instrument, median, velocity, float(level_db.max()), course.db, cents, course.release)
