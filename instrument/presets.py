"""Presets of a page: where the knobs of each instrument stand, and its residual."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from instrument.played_notes import PlayedNote, medoid
from lightning_modules.timbre_model import TimbreModel
from synths.signal import midi_to_hz


def presets(model: TimbreModel, instruments: Mapping[str, Sequence[PlayedNote]]) -> list[dict[str, Any]]:
    """One preset for each instrument: its medoid note, in shares of what notes of its pitch reach.

    Args:
        model: that heard the notes
        instruments: notes by name

    Returns:
        each with `name`, `shares` (C,), `lowest_midi` and `residual` (1, D): from that pitch on, semitone by semitone
    """
    return [_preset(model, name, notes) for name, notes in instruments.items()]


def voice_presets(tables: Mapping[str, tuple[int, Tensor]]) -> list[dict[str, Any]]:
    """Presets that a voice brings along, as `presets` gives them; knobs stand in the middle of the reach.

    Args:
        tables: by name, lowest MIDI pitch and residual (n, D) from there on, semitone by semitone
    """
    return [
        {
            "name": name,
            "shares": [],
            "lowest_midi": lowest_midi,
            "residual": [[round(value, 2) for value in row] for row in residual.tolist()],
        }
        for name, (lowest_midi, residual) in tables.items()
    ]


def _preset(model: TimbreModel, name: str, notes: Sequence[PlayedNote]) -> dict[str, Any]:
    shares = np.stack([_shares(model, note) for note in notes])
    told = np.concatenate([shares, np.stack([note.residual for note in notes])], axis=1)
    told /= told.std(axis=0) + 1e-6
    middle = notes[medoid(np.abs(told[:, None] - told[None]).sum(axis=2))]
    return {
        "name": name,
        "shares": [round(float(share), 3) for share in _shares(model, middle).clip(0.0, 1.0)],
        "lowest_midi": round(middle.midi),
        "residual": [[round(float(value), 3) for value in middle.residual]],
    }


def _shares(model: TimbreModel, note: PlayedNote) -> np.ndarray:
    """Positions of a note as shares of the reach at its pitch; factors as they are."""
    shares = note.positions.astype(float)
    f0_hz = midi_to_hz(torch.tensor(note.midi))
    for index, descriptor in enumerate(model.encoder.each_descriptor()):
        low, high = (float(end) for end in descriptor.range.reach(f0_hz))
        shares[index] = (shares[index] - low) / max(high - low, 1e-6)
    return shares
