"""Notes given to a player, and what is to be said of those that cannot be played as they are written."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from melodies.knob_places import midi_to_hz
from melodies.melody_player import MelodyPlayer
from melodies.sounding_voice import HIGHEST

MOST_OCTAVES = 4
NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


class Tally(NamedTuple):
    """Numbers of notes.

    Attributes:
        played: all that were given to the player
        without_length: that end when they begin
        too_high: for the sample rate; left out
        foreign: that lie outside the pitches learnt
        hanging: that nothing ended
        cut: for others, because more would have sounded than may
    """

    played: int = 0
    without_length: int = 0
    too_high: int = 0
    foreign: int = 0
    hanging: int = 0
    cut: int = 0

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]  # not the sum of tuples
        """Both together."""
        return Tally(*(one + two for one, two in zip(self, other, strict=True)))


class PlayerHand:
    """Gives notes to a player.

    Args:
        player: which plays them
        semitones: that all notes are moved by
        pitches: lowest and highest MIDI pitch learnt; None if they are not known
    """

    def __init__(self, player: MelodyPlayer, semitones: int = 0, pitches: tuple[float, float] | None = None) -> None:
        self.player, self.semitones, self.pitches = player, semitones, pitches
        self.tally = Tally()
        self._began_s: dict[object, float] = {}

    def on(self, time_s: float, note_id: object, midi: float, velocity: float) -> None:
        """A note begins."""
        midi = midi + self.semitones
        if midi_to_hz(np.array(midi)) > HIGHEST * self.player.instrument.sample_rate:
            self.tally += Tally(too_high=1)
            return
        foreign = self.pitches is not None and not self.pitches[0] - 0.5 <= midi <= self.pitches[1] + 0.5
        self.tally += Tally(played=1, foreign=int(foreign))
        self._began_s[note_id] = time_s
        self.player.on(time_s, note_id, midi, velocity)

    def off(self, time_s: float, note_id: object) -> None:
        """It is let go."""
        if self._began_s.pop(note_id, None) == time_s and not self.player.sustain:
            self.tally += Tally(without_length=1)
        self.player.off(time_s, note_id)

    def finish(self, time_s: float) -> None:
        """Nothing follows: what is held is let go."""
        self.tally += Tally(hanging=self.player.finish(time_s), cut=self.player.n_cut)


def octaves_into(pitches: tuple[float, float] | None, midi: Sequence[float]) -> int:
    """By how many octaves notes are to be moved for most of them to lie among the pitches learnt: the fewest.

    Args:
        pitches: lowest and highest MIDI pitch learnt; None: nothing is moved
        midi: pitches of the notes
    """
    if pitches is None or not len(midi):
        return 0
    notes = np.asarray(midi, float)

    def foreign(octaves: int) -> tuple[int, int]:
        moved = notes + 12 * octaves
        outside = (moved < pitches[0] - 0.5) | (moved > pitches[1] + 0.5)
        return int(outside.sum()), abs(octaves)

    return min(range(-MOST_OCTAVES, MOST_OCTAVES + 1), key=foreign)


def note_name(midi: float) -> str:
    """A pitch as musicians call it: 60 is C4."""
    number = round(midi)
    return f"{NAMES[number % 12]}{number // 12 - 1}"


def tally_sentences(tally: Tally, pitches: tuple[float, float] | None, most: int) -> list[str]:
    """What is to be said of the notes; nothing where all were played as they are written."""
    said = []
    if tally.without_length:
        said.append(f"{_notes(tally.without_length)} without length: nothing sounds of {_them(tally.without_length)}.")
    if tally.too_high:
        said.append(f"{_notes(tally.too_high)} too high for the model's sample rate, left out: --octave -1 lowers all.")
    if tally.foreign and pitches is not None:
        ends = f"{note_name(pitches[0])} to {note_name(pitches[1])}"
        said.append(
            f"{_notes(tally.foreign)} outside the pitches that the model has learnt ({ends}), played all the same: "
            "--octave moves them."
        )
    if tally.hanging:
        said.append(f"{_notes(tally.hanging)} never let go: ended with the last message.")
    if tally.cut:
        said.append(f"{_notes(tally.cut)} cut short, because {most} sound at most: --most N allows more.")
    return said


def _notes(n: int) -> str:
    return f"{n} note" if n == 1 else f"{n} notes"


def _them(n: int) -> str:
    return "it" if n == 1 else "them"
