"""Notes that are heard in a recording of one voice: where pitch jumps, level rises anew, or nothing sounds between."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from melodies.knob_places import hz_to_midi, reach_at, reading_at
from melodies.played_instrument import PlayedInstrument
from melodies.sounding_voice import SOFTEST_DB
from melodies.written_part import WrittenNote

HEARD_DB = -40.0
"""Below the loudest frame nothing sounds."""
STEADY_S = 0.07
"""A median over it takes slips of the tracker out, and most of a vibrato's swing stays within JUMP."""
JUMP_SEMITONES, JUMPED_S = 0.7, 0.05
"""Away from the note so far, and for how long: another note."""
RISE_DB, RISE_S = 6.0, 0.06
SHORTEST_S = 0.06


class HeardNote(NamedTuple):
    """One note: from when to when in seconds, MIDI pitch, level in dB at its loudest."""

    start_s: float
    end_s: float
    midi: float
    top_db: float


def heard_notes(f0_hz: np.ndarray, level_db: np.ndarray, frame_rate_hz: float) -> list[HeardNote]:
    """The notes of a recording; none where it is silent.

    Args:
        f0_hz: (F,) pitch in Hz, everywhere
        level_db: (F,)
        frame_rate_hz: of both
    """
    midi = _median(hz_to_midi(f0_hz), round(STEADY_S * frame_rate_hz))
    notes = []
    for start, end in _runs(level_db > level_db.max() + HEARD_DB):
        borders = [start, *_borders(midi[start:end], level_db[start:end], start, frame_rate_hz), end]
        notes += [_note(midi, level_db, a, b, frame_rate_hz) for a, b in pairwise(borders)]
    return [note for note in notes if note.end_s - note.start_s >= SHORTEST_S]


def as_written(notes: list[HeardNote], instrument: PlayedInstrument, to_its_range: bool) -> list[WrittenNote]:
    """Notes with the velocity at which a player reaches their level.

    Args:
        notes: that were heard
        instrument: that plays them
        to_its_range: whether the loudest is as loud as the instrument's loudest instead, the others as far below
    """
    loudest_db = max((note.top_db for note in notes), default=0.0)
    written = []
    for note in notes:
        velocity = 1.0 - (note.top_db - loudest_db) / SOFTEST_DB
        if not to_its_range and instrument.level >= 0:
            velocity = _velocity(note, instrument)
        written.append(WrittenNote(note.start_s, note.end_s, note.midi, velocity))
    return written


def _velocity(note: HeardNote, instrument: PlayedInstrument) -> float:
    knob = instrument.knobs[instrument.level]
    if instrument.level_fit and knob.name == "level":
        octaves = (note.midi - 60.0) / 12.0
        constant, slope, first, second = instrument.level_fit
        return (note.top_db - constant - first * octaves - second * octaves**2) / slope
    highest = float(reading_at(knob, reach_at(knob, np.array(note.midi))[1]))
    return 1.0 - (note.top_db - highest) / SOFTEST_DB


def _borders(midi: np.ndarray, level_db: np.ndarray, first: int, frame_rate_hz: float) -> Iterator[int]:
    """Frames inside a stretch that sounds where another note begins."""
    n_jumped, n_rise, n_least = (round(length * frame_rate_hz) for length in (JUMPED_S, RISE_S, SHORTEST_S))
    began = 0
    for frame in range(n_least, len(midi) - n_least):
        if frame - began < n_least:
            continue
        away = np.abs(midi[frame : frame + n_jumped] - np.median(midi[began:frame]))
        before = level_db[max(began, frame - n_rise) : frame]
        rises = level_db[frame : frame + n_rise].max() - level_db[frame] > RISE_DB
        fell = before.max() - level_db[frame] > 0.5 * RISE_DB and level_db[frame] <= before.min()
        if away.min() > JUMP_SEMITONES or (rises and fell and level_db[frame + 1] > level_db[frame]):
            began = frame
            yield first + frame


def _note(midi: np.ndarray, level_db: np.ndarray, start: int, end: int, frame_rate_hz: float) -> HeardNote:
    inner = slice(start + (end - start) // 4, max(start + (end - start) // 4 + 1, end - (end - start) // 8))
    pitch = float(np.median(midi[inner]))
    return HeardNote(start / frame_rate_hz, end / frame_rate_hz, pitch, float(level_db[start:end].max()))


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """First frame, and the one behind the last, of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _median(values: np.ndarray, n: int) -> np.ndarray:
    """(F,) medians over n frames around each."""
    half = max(0, n // 2)
    padded = np.pad(values, half, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
