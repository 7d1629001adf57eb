"""A score of any kind that is known, as parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from melodies.midi_file import MIDI_SUFFIXES, read_midi
from melodies.midi_hand import ControllerMap, MidiHand
from melodies.midi_parts import MidiPart, midi_parts
from melodies.player_hand import PlayerHand
from melodies.sheet_music import ABC_SUFFIXES, XML_SUFFIXES, read_sheet
from melodies.written_part import WrittenPart, perform_written

SCORE_SUFFIXES = (*MIDI_SUFFIXES, *XML_SUFFIXES, *ABC_SUFFIXES)

Part = MidiPart | WrittenPart


class Score(NamedTuple):
    """Parts that have notes, and sentences on what was passed over."""

    parts: Sequence[Part]
    remarks: list[str]


def is_score(path: Path) -> bool:
    """Whether a file is taken for a score, by its name."""
    return path.suffix.lower() in SCORE_SUFFIXES


def read_score(path: Path) -> Score:
    """Read a file.

    Raises:
        ValueError: it is no score, or has no notes; the sentence names it and the mend
        OSError: it cannot be read
    """
    if path.suffix.lower() in MIDI_SUFFIXES:
        file = read_midi(path)
        score = Score(midi_parts(file), file.remarks)
    else:
        score = Score(read_sheet(path), [])
    if not score.parts:
        raise ValueError(f"{path} has no notes: export the parts that have some.")
    return score


def perform(part: Part, hand: PlayerHand, controllers: ControllerMap) -> None:
    """Play all of a part, to the end of its last note."""
    if isinstance(part, WrittenPart):
        perform_written(part, hand)
        return
    midi = MidiHand(hand, controllers, part.members)
    for timed in part.messages:
        midi.receive(timed)
    hand.finish(part.messages[-1].time_s)


def answers_to(part: Part, number: int, key: str) -> bool:
    """Whether a key names a part: "2" the channel, or the number in a score without channels; "track2"; or its name.

    Args:
        part: of a score
        number: of the part among all, from 1
        key: as somebody wrote it
    """
    key = key.strip().casefold()
    if part.name and key == part.name.casefold():
        return True
    if isinstance(part, MidiPart):
        return key in (str(part.channel + 1), f"track{part.track + 1}")
    return key == str(number)
