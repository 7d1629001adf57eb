"""Notes that are written down with begin and end: of a score, or heard in a recording."""

from typing import NamedTuple

from melodies.player_hand import PlayerHand


class WrittenNote(NamedTuple):
    """One note: from when to when in seconds, MIDI pitch (fractions too), velocity 0..1."""

    start_s: float
    end_s: float
    midi: float
    velocity: float


class WrittenPart(NamedTuple):
    """What one player plays: a name, or "", and its notes."""

    name: str
    notes: list[WrittenNote]

    @property
    def pitches(self) -> list[float]:
        """MIDI pitches of the notes."""
        return [note.midi for note in self.notes]

    @property
    def is_drums(self) -> bool:
        """Never."""
        return False

    @property
    def n_notes(self) -> int:
        """How many there are."""
        return len(self.notes)


def perform_written(part: WrittenPart, hand: PlayerHand) -> None:
    """Play all notes: what ends when another begins ends first."""
    begins = [(note.start_s, 1, index) for index, note in enumerate(part.notes)]
    ends = [(note.end_s, 0 if note.end_s > note.start_s else 2, index) for index, note in enumerate(part.notes)]
    for time_s, kind, index in sorted([*begins, *ends]):
        if kind == 1:
            hand.on(time_s, index, part.notes[index].midi, part.notes[index].velocity)
        else:
            hand.off(time_s, index)
    hand.finish(max((note.end_s for note in part.notes), default=0.0))
