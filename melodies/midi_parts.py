"""The parts of a MIDI file: what each track says on each channel, or on all channels of a zone of MPE."""

from typing import NamedTuple

from melodies.midi_file import MidiFile, TimedMessage
from melodies.midi_hand import MASTERS, ZONE_RPN, ParameterReader, zone_members

DRUMS = 9
"""General MIDI's channel of drums, counted from 0."""


class MidiPart(NamedTuple):
    """What one player plays.

    Attributes:
        track: from 0
        channel: from 0; of a zone, its master
        name: of the track, or "" where it has none
        members: channels of the zone; empty without one
        messages: in the order of time; those of the channel that another track without notes sends, too
        n_notes: that begin
    """

    track: int
    channel: int
    name: str
    members: frozenset[int]
    messages: list[TimedMessage]
    n_notes: int

    @property
    def pitches(self) -> list[float]:
        """MIDI pitches of the notes."""
        return [float(timed.message.note) for timed in self.messages if _begins(timed)]

    @property
    def is_drums(self) -> bool:
        """Whether General MIDI takes it for drums, which have no pitch."""
        return self.channel == DRUMS and not self.members


def midi_parts(file: MidiFile) -> list[MidiPart]:
    """Those that have notes, by track and channel."""
    zones = _zones(file.messages)
    master_of = {member: master for master, members in zones.items() for member in members}
    own: dict[tuple[int, int], list[TimedMessage]] = {}
    for timed in file.messages:
        channel = timed.message.channel
        own.setdefault((timed.track, master_of.get(channel, channel)), []).append(timed)
    n_notes = {key: sum(_begins(timed) for timed in messages) for key, messages in own.items()}
    parts = []
    for (track, channel), messages in sorted(own.items()):
        if not n_notes[track, channel]:
            continue
        told = [
            timed
            for key, others in own.items()
            if key[1] == channel and key[0] != track and not n_notes[key]
            for timed in others
        ]
        together = sorted([*told, *messages], key=lambda timed: timed.time_s) if told else messages
        name = file.track_names[track].strip()
        members = frozenset(zones.get(channel, []))
        parts.append(MidiPart(track, channel, name, members, together, n_notes[track, channel]))
    return parts


def _zones(messages: list[TimedMessage]) -> dict[int, list[int]]:
    """Masters of MPE zones and their members; the last that a file says of a master holds."""
    zones, parameters = {}, ParameterReader()
    for timed in messages:
        if timed.message.type != "control_change":
            continue
        read = parameters.read(timed.message)
        if read and read[0] == ZONE_RPN and timed.message.channel in MASTERS:
            zones[timed.message.channel] = zone_members(timed.message.channel, read[1])
    return {master: members for master, members in zones.items() if members}


def _begins(timed: TimedMessage) -> bool:
    return timed.message.type == "note_on" and timed.message.velocity > 0
