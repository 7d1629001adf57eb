"""Presets of a page: where the knobs of each instrument stand, and its residual."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from instrument.played_notes import PlayedNote, medoid
from lightning_modules.encoders.preset import Preset
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


def voice_presets(model: TimbreModel) -> list[dict[str, Any]]:
    """Presets that a voice brings along, as `presets` gives them: knobs stand as at the medoid of its pitches."""
    return [
        {
            "name": name,
            "shares": [round(float(share), 3) for share in _usual_shares(model, preset).clip(0.0, 1.0)],
            "lowest_midi": preset.lowest_midi,
            "residual": [[round(value, 2) for value in row] for row in preset.residual.tolist()],
        }
        for name, preset in model.presets.items()
    ]


def _usual_shares(model: TimbreModel, preset: Preset) -> np.ndarray:
    """Shares of the reach at the pitch whose shares are nearest to those of all pitches; factors in the middle."""
    rows = [_shares(model, row, preset.lowest_midi + index) for index, row in enumerate(preset.knobs.numpy())]
    shares = np.stack(rows)
    usual = shares[medoid(np.abs(shares[:, None] - shares[None]).sum(axis=2))]
    return np.pad(usual, (0, len(model.encoder.factors)), constant_values=0.5)


def _preset(model: TimbreModel, name: str, notes: Sequence[PlayedNote]) -> dict[str, Any]:
    shares = np.stack([_shares(model, note.positions, note.midi) for note in notes])
    told = np.concatenate([shares, np.stack([note.residual for note in notes])], axis=1)
    told /= told.std(axis=0) + 1e-6
    middle = notes[medoid(np.abs(told[:, None] - told[None]).sum(axis=2))]
    return {
        "name": name,
        "shares": [round(float(share), 3) for share in _shares(model, middle.positions, middle.midi).clip(0.0, 1.0)],
        "lowest_midi": round(middle.midi),
        "residual": [[round(float(value), 3) for value in middle.residual]],
    }


def _shares(model: TimbreModel, positions: np.ndarray, midi: float) -> np.ndarray:
    """Positions of a note of that pitch as shares of the reach there; factors as they are."""
    shares = positions.astype(float)
    f0_hz = midi_to_hz(torch.tensor(float(midi)))
    for index, descriptor in enumerate(model.encoder.each_descriptor()):
        low, high = (float(end) for end in descriptor.range.reach(f0_hz))
        shares[index] = (shares[index] - low) / max(high - low, 1e-6)
    return shares
