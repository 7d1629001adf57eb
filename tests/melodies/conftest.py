"""Melodies written by hand, as MIDI."""

from collections.abc import Callable
from pathlib import Path

import mido
import pytest

BEAT_S = 0.5
"""A quarter at the usual tempo, 480 ticks."""


def _write(path: Path, *tracks: list[tuple[float, mido.Message]], kind: int = 1) -> Path:
    """Tracks of (seconds, message) -> the path, written."""
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    for events in tracks:
        track, now = mido.MidiTrack(), 0
        for time_s, message in sorted(events, key=lambda event: event[0]):
            tick = round(time_s / BEAT_S * 480)
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    file.save(path)
    return path


def _notes(notes: list[tuple[float, float, int, int]], channel: int = 0) -> list[tuple[float, mido.Message]]:
    """(Begin and length in seconds, pitch, velocity) -> events."""
    events = []
    for start_s, length_s, pitch, velocity in notes:
        events.append((start_s, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((start_s + length_s, mido.Message("note_off", channel=channel, note=pitch)))
    return events


@pytest.fixture(scope="session")
def write_midi() -> Callable[..., Path]:
    """Path, tracks of (seconds, message), kind -> the path."""
    return _write


@pytest.fixture(scope="session")
def notes() -> Callable[..., list[tuple[float, mido.Message]]]:
    """Notes (begin, length, pitch, velocity) of a channel -> events."""
    return _notes
