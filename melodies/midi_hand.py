"""MIDI messages made calls of a player: as midi.js of the page, for a part of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log10

import mido

from melodies.midi_file import TimedMessage
from melodies.player_hand import PlayerHand

MPE_BEND, USUAL_BEND = 48.0, 2.0
"""Semitones, where a file says nothing."""
SUSTAIN, ALL_SOUND_OFF, RESET_ALL, ALL_NOTES_OFF = 64, 120, 121, 123
DATA, RPN_LOW, RPN_HIGH, NO_RPN = 6, 100, 101, (127, 127)
BEND_RANGE_RPN, ZONE_RPN = (0, 0), (0, 6)
VOLUME, EXPRESSION = 7, 11
DB_PER_DECADE = 40.0
"""General MIDI's volume: a half is 12 dB less."""
MASTERS = (0, 15)


@dataclass(frozen=True)
class ControllerMap:
    """What controllers do.

    Attributes:
        knobs: number of the controller -> index of the knob whose share it sets
        vibrato: numbers of those that set its depth
        volume: numbers of those that set the level
    """

    knobs: Mapping[int, int] = field(default_factory=dict)
    vibrato: frozenset[int] = frozenset({1})
    volume: frozenset[int] = frozenset({VOLUME, EXPRESSION})


def zone_members(master: int, size: int) -> list[int]:
    """Channels of an MPE zone: the lower one counts up from the first channel, the upper down from the last."""
    step = 1 if master == MASTERS[0] else -1
    return [master + step * (n + 1) for n in range(min(15, size))]


class ParameterReader:
    """Registered parameters, which several controllers set together."""

    def __init__(self) -> None:
        self._chosen: dict[int, tuple[int, int]] = {}

    def read(self, message: mido.Message) -> tuple[tuple[int, int], int] | None:
        """(parameter, value) when a message sets one; (NO_RPN, 0) when it only chooses; None if it is another."""
        now = self._chosen.get(message.channel, NO_RPN)
        if message.control == RPN_HIGH:
            self._chosen[message.channel] = (message.value, now[1])
        elif message.control == RPN_LOW:
            self._chosen[message.channel] = (now[0], message.value)
        elif message.control == DATA and now in (BEND_RANGE_RPN, ZONE_RPN):
            return now, message.value
        else:
            return None
        return NO_RPN, 0


class MidiHand:
    """Plays one part: its notes, and what bends and turns them.

    Args:
        hand: which plays the notes, and counts those that cannot be
        controllers: what they do
        members: channels whose notes bend and press alone; empty without a zone of MPE
    """

    def __init__(self, hand: PlayerHand, controllers: ControllerMap, members: frozenset[int]) -> None:
        self.hand, self.player, self.controllers, self.members = hand, hand.player, controllers, members
        self.parameters = ParameterReader()
        self.first_level_db = self.player.settings.level_db
        self.volumes: dict[int, float] = {}
        self.ranges: dict[int, float] = {}
        self.bends: dict[int, float] = {}

    def receive(self, timed: TimedMessage) -> None:
        """Take the next message."""
        message, time_s = timed.message, timed.time_s
        self.player.until(time_s)
        if message.type == "note_on" and message.velocity > 0:
            self._on(time_s, message)
        elif message.type in ("note_on", "note_off"):
            self.hand.off(time_s, (message.channel, message.note))
        elif message.type == "pitchwheel":
            self._bend(message)
        elif message.type == "aftertouch":
            for voice in self.player.each_voice():
                if message.channel not in self.members or _channel_of(voice.note_id) == message.channel:
                    voice.pressure = message.value / 127.0
        elif message.type == "polytouch":
            if pressed := self.player.voice_of((message.channel, message.note)):
                pressed.pressure = message.value / 127.0
        elif message.type == "control_change":
            self._control(time_s, message)

    def _on(self, time_s: float, message: mido.Message) -> None:
        note_id = (message.channel, message.note)
        self.hand.on(time_s, note_id, float(message.note), message.velocity / 127.0)
        voice = self.player.voice_of(note_id)
        if voice and message.channel in self.members:
            voice.bend = self.bends.get(message.channel, 0.0)  # a controller bends before it plays

    def _bend(self, message: mido.Message) -> None:
        share = message.pitch / (8191.0 if message.pitch > 0 else 8192.0)
        is_member = message.channel in self.members
        semitones = share * self.ranges.get(message.channel, MPE_BEND if is_member else USUAL_BEND)
        if not is_member:
            self.player.bend = semitones
            return
        self.bends[message.channel] = semitones
        for voice in self.player.each_voice():
            if _channel_of(voice.note_id) == message.channel and not voice.is_stolen:
                voice.bend = semitones

    def _control(self, time_s: float, message: mido.Message) -> None:
        controller, amount = message.control, message.value / 127.0
        if (parameter := self.parameters.read(message)) is not None:
            if parameter[0] == BEND_RANGE_RPN:
                for channel in self.members if message.channel in self.members else (message.channel,):
                    self.ranges[channel] = float(parameter[1])
        elif controller == SUSTAIN:
            self.player.pedal(time_s, amount >= 0.5)
        elif controller == ALL_SOUND_OFF:
            self.player.panic(time_s)
        elif controller == ALL_NOTES_OFF:
            self.player.release_all(time_s)
        elif controller == RESET_ALL:
            self._reset(time_s)
        elif controller in self.controllers.knobs:
            self.player.settings.shares[self.controllers.knobs[controller]] = amount
        elif controller in self.controllers.vibrato:
            self.player.settings.vibrato = amount
        elif controller in self.controllers.volume:
            self.volumes[controller] = amount
            self._set_level()

    def _set_level(self) -> None:
        """A volume of nothing is 80 dB less."""
        down_db = sum(DB_PER_DECADE * log10(max(amount, 0.01)) for amount in self.volumes.values())
        self.player.settings.level_db = self.first_level_db + down_db

    def _reset(self, time_s: float) -> None:
        self.player.pedal(time_s, False)
        self.player.bend = self.player.settings.vibrato = 0.0
        self.bends.clear()
        self.volumes.pop(EXPRESSION, None)
        self._set_level()
        for voice in self.player.each_voice():
            voice.bend = voice.pressure = 0.0


def _channel_of(note_id: object) -> int | None:
    return note_id[0] if isinstance(note_id, tuple) else None
