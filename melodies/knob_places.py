"""Between positions, units and reach of a knob, on arrays: as knob_range.js of the page."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # which brings torch along, and a bad file is told before
    from instrument.instrument import Knob


def midi_to_hz(midi: np.ndarray) -> np.ndarray:
    """MIDI pitches, fractions too -> Hz."""
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def hz_to_midi(f0_hz: np.ndarray) -> np.ndarray:
    """Hz -> MIDI pitches."""
    return 69.0 + 12.0 * np.log2(f0_hz / 440.0)


def reading_at(knob: "Knob", position: np.ndarray) -> np.ndarray:
    """Positions of a knob -> readings in its unit."""
    if knob.curve == "log":
        return knob.low * (knob.high / knob.low) ** position
    return knob.low + position * (knob.high - knob.low)


def position_at(knob: "Knob", reading: np.ndarray) -> np.ndarray:
    """Readings in a knob's unit -> positions."""
    if knob.curve == "log":
        return np.log(np.maximum(reading, 1e-3 * knob.low) / knob.low) / np.log(knob.high / knob.low)
    return (reading - knob.low) / (knob.high - knob.low)


def reach_at(knob: "Knob", midi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MIDI pitches -> lowest and highest position that training notes near them have; 0 and 1 for a factor."""
    if not knob.reach:
        return np.zeros_like(midi), np.ones_like(midi)
    pitches, lowest, highest = np.asarray(knob.reach, float).T
    return np.interp(midi, pitches, lowest), np.interp(midi, pitches, highest)
