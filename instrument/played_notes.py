"""Training notes as players think of them: instrument, pitch, strength, level over time, where the knobs stand."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch

from lightning_modules.timbre_model import TimbreModel
from synths import Clip, sounding_mean
from synths.signal import hz_to_midi

BANK_HZ = 100.0
"""Level curves have so many numbers a second, whatever the hop."""

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
    """

    instrument: str
    midi: float
    velocity: float
    level_db: np.ndarray
    positions: np.ndarray
    residual: np.ndarray


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
            instrument, velocity = _played(name)
            if instrument:
                level_db = _at_bank_rate(levels[row], model.clip.frame_rate_hz)
                notes.append(PlayedNote(instrument, midi[row], velocity, level_db, positions[row], residual[row]))
    return notes


def by_instrument(notes: Iterable[PlayedNote], fewest: int = 4) -> dict[str, list[PlayedNote]]:
    """Notes of each instrument that has some, by name."""
    found: dict[str, list[PlayedNote]] = {}
    for note in notes:
        found.setdefault(note.instrument, []).append(note)
    return {name: found[name] for name in sorted(found) if len(found[name]) >= fewest}


def medoid(distances: np.ndarray) -> int:
    """(n, n) distances -> the row that is nearest to all."""
    return int(distances.sum(axis=1).argmin())


def _played(name: str) -> tuple[str, float]:
    """Instrument and velocity that a clip's name tells; "" and NaN where it does not."""
    if match := NSYNTH_NAME.match(name):
        return match["instrument"], int(match["velocity"]) / 127.0
    folder, slash, _ = name.partition("/")
    return (folder if slash else ""), float("nan")


def _at_bank_rate(level_db: np.ndarray, rate_hz: float) -> np.ndarray:
    moments = np.arange(0.0, len(level_db) / rate_hz, 1.0 / BANK_HZ)
    return np.interp(moments * rate_hz, np.arange(len(level_db)), level_db)
