"""Training notes as players think of them: instrument, pitch, strength, level over time, where the knobs stand."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np
import torch

from lightning_modules.timbre_model import TimbreModel
from synths import Clip, sounding_mean
from synths.signal import hz_to_midi

BANK_HZ = 100.0
"""Level curves have so many numbers a second, whatever the hop."""

ONE_NOTE_SEMITONES = 0.7
"""Pieces of a recording whose pitches are no farther apart are one note."""

EDGE_S = 0.04
"""Where a note was cut, its level is read through a window that is half empty."""

NSYNTH_NAME = re.compile(r"(?P<instrument>.+)-(?P<midi>\d{3})-(?P<velocity>\d{3})$")


class PlayedNote(NamedTuple):
    """One training note.

    Attributes:
        instrument: NSynth's name without pitch and velocity, or the folder that a recording lies in
        midi: its median pitch
        velocity: 0..1, by its name; NaN where that says nothing
        level_db: (T,) A-weighted, 100 times a second
        positions: (C,) mean of each control over what sounds
        residual: (D,) likewise
        piece: file and number, of a recording that was cut into pieces; "" and 0 otherwise
    """

    instrument: str
    midi: float
    velocity: float
    level_db: np.ndarray
    positions: np.ndarray
    residual: np.ndarray
    piece: tuple[str, int] = ("", 0)


@torch.no_grad()
def played_notes(model: TimbreModel, batches: Iterable[Clip]) -> list[PlayedNote]:
    """The notes of training clips that have an instrument.

    Args:
        model: in eval mode
        batches: of clips named as NSynth's notes or as recordings in folders; others are left out
    """
    notes = []
    for clips in batches:
        encoding = model.encoder(clips.audio, clips.f0_hz)
        every = model.encoder.judged_every
        sounding = model.encoder.sounding(clips.audio, every)
        positions = sounding_mean(encoding.controls, sounding, every).numpy()
        residual = sounding_mean(encoding.residual, sounding, every).numpy()
        levels = model.encoder.level.measure(clips.audio, clips.f0_hz).numpy()
        midi = hz_to_midi(clips.f0_hz.median(dim=1).values).tolist()
        for row, name in enumerate(clips.name):
            instrument, velocity = played_by(name)
            if instrument:
                level_db = _at_bank_rate(levels[row], model.clip.frame_rate_hz)
                means = positions[row], residual[row]
                notes.append(PlayedNote(instrument, midi[row], velocity, level_db, *means, _piece(name)))
    return notes


def whole_notes(notes: Iterable[PlayedNote]) -> list[PlayedNote]:
    """The notes of recordings that were cut without gaps: pieces of one pitch are one note, from the first one on.

    What is cut from the middle of a note has neither begin nor end, and would be the most usual course of level.
    """
    files: dict[str, dict[int, PlayedNote]] = {}
    whole = []
    for note in notes:
        name, number = note.piece
        if name:
            files.setdefault(name, {})[number] = note
        else:
            whole.append(note)
    return [*whole, *(note for of_file in files.values() for note in _joined(of_file))]


def _joined(pieces: Mapping[int, PlayedNote]) -> Sequence[PlayedNote]:
    """The pieces of one file, by number -> its note, or what they are where it holds several; none without a begin."""
    row = [pieces[number] for number in takewhile(lambda number: number in pieces, range(len(pieces)))]
    if len(row) < 2 or np.ptp([piece.midi for piece in row]) > ONE_NOTE_SEMITONES:
        return row
    levels = np.concatenate([piece.level_db for piece in row])
    cuts = np.cumsum([len(piece.level_db) for piece in row])[:-1]
    frames = np.arange(len(levels))
    known = np.abs(frames[:, None] - (cuts - 0.5)).min(axis=1) > EDGE_S * BANK_HZ
    means = [np.mean([getattr(piece, name) for piece in row], axis=0) for name in ("positions", "residual")]
    midi = float(np.median([piece.midi for piece in row]))
    return [
        PlayedNote(row[0].instrument, midi, row[0].velocity, np.interp(frames, frames[known], levels[known]), *means)
    ]


def by_instrument(notes: Iterable[PlayedNote], fewest: int = 4) -> dict[str, list[PlayedNote]]:
    """Notes of each instrument that has some, by name."""
    found: dict[str, list[PlayedNote]] = {}
    for note in notes:
        found.setdefault(note.instrument, []).append(note)
    return {name: found[name] for name in sorted(found) if len(found[name]) >= fewest}


def medoid(distances: np.ndarray) -> int:
    """(n, n) distances -> the row that is nearest to all."""
    return int(distances.sum(axis=1).argmin())


def played_by(name: str) -> tuple[str, float]:
    """Instrument and velocity that a clip's name tells; "" and NaN where it does not."""
    if match := NSYNTH_NAME.match(name):
        return match["instrument"], int(match["velocity"]) / 127.0
    folder, slash, _ = name.partition("/")
    return (folder if slash else ""), float("nan")


def _piece(name: str) -> tuple[str, int]:
    file, sign, number = name.rpartition("#")
    return (file, int(number)) if sign and number.isdigit() else ("", 0)


def _at_bank_rate(level_db: np.ndarray, rate_hz: float) -> np.ndarray:
    moments = np.arange(0.0, len(level_db) / rate_hz, 1.0 / BANK_HZ)
    return np.interp(moments * rate_hz, np.arange(len(level_db)), level_db)
