"""A MIDI file as messages in seconds, or one sentence on why not."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mido

LONGEST_S = 4 * 3600.0
"""What lasts longer is a damaged file rather than music."""
USUAL_TEMPO = 500_000
"""Microseconds a quarter, where a file says nothing."""
MIDI_SUFFIXES = (".mid", ".midi", ".kar")
_UNREADABLE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, struct.error)
"""What mido raises for bytes that are no MIDI; its own KeySignatureError beside."""


class TimedMessage(NamedTuple):
    """A message of one channel: when, on which track (from 0), what."""

    time_s: float
    track: int
    message: mido.Message


class MidiFile(NamedTuple):
    """All messages of the channels, in the order of time.

    Attributes:
        messages: of all tracks
        track_names: by number of the track
        remarks: sentences on what was passed over
    """

    messages: list[TimedMessage]
    track_names: list[str]
    remarks: list[str]


def read_midi(path: Path) -> MidiFile:
    """Read a file of format 0 or 1.

    Raises:
        ValueError: it is no such file, is cut off, or lasts for hours; the sentence names it and the mend
        OSError: it cannot be read
    """
    _refuse_other(path)
    try:
        parsed = mido.MidiFile(path, clip=True)
    except (*_UNREADABLE, mido.KeySignatureError) as error:
        raise ValueError(f"{path} breaks off or is damaged: export it again.") from error
    if parsed.type == 2:
        raise ValueError(f"{path} holds several pieces side by side (format 2): export it as format 0 or 1.")
    division = parsed.ticks_per_beat
    if division == 0 or (division < 0 and not division & 0xFF):
        raise ValueError(f"{path} says that a beat has no ticks: export it again.")
    ticked = sorted(_ticked(parsed), key=lambda each: each[0])
    clock = _Clock(division, USUAL_TEMPO)
    messages, n_stopped = [], 0
    for tick, track, message in ticked:
        clock.go_to(tick)
        if message.type == "set_tempo":
            n_stopped += message.tempo == 0
            clock.tempo = message.tempo or clock.tempo
        elif not message.is_meta and hasattr(message, "channel"):
            messages.append(TimedMessage(clock.time_s, track, message))
        if clock.time_s > LONGEST_S:
            raise ValueError(f"{path} goes on for more than {LONGEST_S / 3600:.0f} hours: cut it, or export it again.")
    said = f"{n_stopped} {'tempo' if n_stopped == 1 else 'tempos'} of 0 passed over: the one before holds."
    remarks = [said] if n_stopped else []
    return MidiFile(messages, [track.name for track in parsed.tracks], remarks)


def _refuse_other(path: Path) -> None:
    """Look at the first bytes alone: a film by the wrong name is not read."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise ValueError(f"{path} is empty: export it again.")
    if head != b"MThd":
        raise ValueError(f"{path} is not a MIDI file, whatever its name says: export one from your score or sequencer.")


def _ticked(parsed: mido.MidiFile) -> Iterator[tuple[int, int, mido.Message]]:
    for number, track in enumerate(parsed.tracks):
        tick = 0
        for message in track:
            tick += message.time
            yield tick, number, message


class _Clock:
    """Ticks made seconds: of a beat, at the tempo so far, or of a frame of film, whatever the tempo."""

    def __init__(self, division: int, tempo: int) -> None:
        self.division, self.tempo = division, tempo
        self.tick, self.time_s = 0, 0.0

    def go_to(self, tick: int) -> None:
        self.time_s += (tick - self.tick) * self._tick_s()
        self.tick = tick

    def _tick_s(self) -> float:
        if self.division > 0:
            return self.tempo * 1e-6 / self.division
        frames = -(self.division >> 8)
        return 1.0 / ((29.97 if frames == 29 else frames) * (self.division & 0xFF))
