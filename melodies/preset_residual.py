"""The residual of an instrument at a pitch: as presetResidual of envelope.js."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def residual_at(preset: Mapping[str, Any] | None, midi: np.ndarray, size: int) -> np.ndarray:
    """(F,) MIDI pitches -> (F, size), between semitones in a line, held beyond both ends; zeros without a preset.

    Args:
        preset: as `instrument.presets.presets` gives it
        midi: pitches
        size: numbers of the residual
    """
    if preset is None or not size:
        return np.zeros((len(midi), size))
    table = np.asarray(preset["residual"], float)
    semitones = preset["lowest_midi"] + np.arange(len(table))
    return np.stack([np.interp(midi, semitones, column) for column in table.T], axis=1)
