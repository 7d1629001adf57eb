"""One voice from its first sample until it is over: notes made curves. As class Voice of player.js.

A voice has frames of its own, a hop apart from where it began: frame n says what is played at age (n + 1) hops, and
hears whatever happened until n hops after it began.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from melodies.knob_places import hz_to_midi, midi_to_hz, position_at, reach_at, reading_at

if TYPE_CHECKING:
    from melodies.melody_player import MelodyPlayer

DIP_DB, DIP_S = -3.0, 0.06
"""By how much the level falls where a note is slurred, and for how long."""
VIBRATO_HZ, VIBRATO_AFTER_S, VIBRATO_RISE_S, VIBRATO_DB = 5.5, 0.3, 0.3, 0.3
SOFTEST_DB = -24.0
"""Below the loudest note of its pitch, at velocity 0."""
SILENT_DB = -75.0
"""Below its top a released voice is over."""
FASTEST = 0.5
"""Share of its way that a knob goes in a hop."""
HIGHEST = 0.49
"""Share of the sample rate that a pitch may be."""
MOST_FRAMES = 256
"""Played at once: a voice that is let go is soon over, however far the next note is."""
LOWEST_POSITION, HIGHEST_POSITION = -1.0, 2.0


class BegunNote(NamedTuple):
    """A note of a voice.

    Attributes:
        frame: of the voice where it begins
        midi: its pitch, without bend
        velocity: 0..1
        released: frame of the voice where it was let go or slurred into another; None if it was not
    """

    frame: int
    midi: float
    velocity: float
    released: int | None


class VoiceCurves(NamedTuple):
    """What one voice plays, in F frames; the last is silent.

    Attributes:
        start_s: when it begins
        f0_hz: (F,)
        asked: (F, C) positions that are asked
        controls: (F, C) the same on the way there: no knob but the level jumps
        gain_db: (F,) to be put on what the decoder plays; 0 where a knob is the level
        notes: those that it plays, in order
    """

    start_s: float
    f0_hz: np.ndarray
    asked: np.ndarray
    controls: np.ndarray
    gain_db: np.ndarray
    notes: list[BegunNote]


class _PlayedCurves(NamedTuple):
    f0_hz: np.ndarray
    asked: np.ndarray
    controls: np.ndarray
    gain_db: np.ndarray


class SoundingVoice:
    """A voice while it is played.

    Args:
        player: whose settings it follows
        start_s: when it begins
        note_id: of its first note
        midi: pitch of the note
        velocity: 0..1
    """

    def __init__(self, player: "MelodyPlayer", start_s: float, note_id: object, midi: float, velocity: float) -> None:
        self.player, self.start_s, self.note_id = player, start_s, note_id
        self.midi = self.target = midi
        self.velocity = velocity
        self.course = player.settings.performer(midi, velocity)
        self.n_frames = 0
        self.released_s: float | None = None
        self.release_from_db = self.level_db = SILENT_DB
        self.dip_s = math.inf
        self.bend = self.pressure = 0.0
        self.is_stolen = self.is_over = False
        self.notes = [BegunNote(0, midi, velocity, None)]
        self._parts: list[_PlayedCurves] = []

    @property
    def age_s(self) -> float:
        """Seconds that are played."""
        return self.n_frames * self.player.instrument.hop_s

    @property
    def is_released(self) -> bool:
        """Whether its note was let go."""
        return self.released_s is not None

    def slur(self, note_id: object, midi: float, velocity: float) -> None:
        """Go on to another note without a new attack."""
        self._end_note()
        self.notes.append(BegunNote(self.n_frames, midi, velocity, None))
        self.note_id, self.target, self.velocity = note_id, midi, velocity
        self.released_s, self.dip_s = None, 0.0

    def release(self) -> None:
        """Let the note go."""
        if self.released_s is None:
            self._end_note()
            self.released_s, self.release_from_db = 0.0, self.level_db

    def steal(self) -> None:
        """Fade out within a hop: another note needs the voice."""
        self._end_note()
        self.is_stolen, self.is_over = True, self.is_over or not self.n_frames

    def until(self, time_s: float) -> None:
        """Play the frames that begin before a moment."""
        hop_s = self.player.instrument.hop_s
        n_due = math.ceil((time_s - self.start_s) / hop_s - 1e-6)
        while self.n_frames < n_due and not self.is_over:
            self._play(1 if self.is_stolen else min(n_due - self.n_frames, MOST_FRAMES))

    def curves(self) -> VoiceCurves:
        """All that was played."""
        each = [np.concatenate(parts) for parts in zip(*self._parts, strict=True)]
        return VoiceCurves(self.start_s, each[0], each[1], each[2], each[3], self.notes)

    def _end_note(self) -> None:
        if self.notes[-1].released is None:
            self.notes[-1] = self.notes[-1]._replace(released=self.n_frames)

    def _play(self, n: int) -> None:
        """The next frames, or those that are left until it is over."""
        player, hop_s = self.player, self.player.instrument.hop_s
        ahead_s = hop_s * np.arange(1, n + 1)
        age_s = self.age_s + ahead_s
        midi, wave = self._pitch(age_s)
        f0_hz = np.minimum(midi_to_hz(midi), HIGHEST * player.instrument.sample_rate)
        level_db = self._level(age_s, ahead_s, wave)
        quiet = (level_db < SILENT_DB) & (self.is_released | (age_s > self.course.dies_s))
        self.is_over = self.is_stolen or bool(quiet.any())
        n = n if not quiet.any() else int(quiet.argmax()) + 1
        asked = self._asked(hz_to_midi(f0_hz), level_db, self.start_s + age_s)
        controls, gain_db = self._on_the_way(asked[:n]), self._gain(level_db)
        self._parts.append(_PlayedCurves(f0_hz[:n], asked[:n], controls, gain_db[:n]))
        self.midi = self.target + (self.midi - self.target) * self._kept**n
        self.n_frames, self.level_db = self.n_frames + n, float(level_db[n - 1])
        self.dip_s += n * hop_s
        if self.released_s is not None:
            self.released_s += n * hop_s

    @property
    def _kept(self) -> float:
        """How much of its way to the target is left after a hop."""
        return 1.0 - min(1.0, self.player.instrument.hop_s / self.player.settings.glide_s)

    def _pitch(self, age_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """MIDI pitch, and the wave of the vibrato where there is one, -1..1."""
        vibrato = self.player.settings.vibrato
        midi = self.target + (self.midi - self.target) * self._kept ** np.arange(1, len(age_s) + 1)
        rise = np.clip((age_s - VIBRATO_AFTER_S) / VIBRATO_RISE_S, 0.0, 1.0)
        wave = rise * np.sin(2.0 * np.pi * VIBRATO_HZ * age_s) if vibrato else np.zeros_like(age_s)
        return midi + self.bend + self.player.bend + 0.5 * vibrato * wave, wave

    def _level(self, age_s: np.ndarray, ahead_s: np.ndarray, wave: np.ndarray) -> np.ndarray:
        """Level below the top of the note, in dB."""
        if self.released_s is not None:
            return self.release_from_db + self.course.fallen_db(self.released_s + ahead_s)
        dip_s = self.dip_s + ahead_s
        dipped = np.where(dip_s < DIP_S, DIP_DB * np.sin(np.pi * np.minimum(dip_s, DIP_S) / DIP_S), 0.0)
        return self.course.held_db(age_s) + dipped + VIBRATO_DB * self.player.settings.vibrato * wave

    def _asked(self, midi: np.ndarray, level_db: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        """(n, C) positions."""
        instrument, settings = self.player.instrument, self.player.settings
        each = []
        for index, knob in enumerate(instrument.knobs):
            low, high = reach_at(knob, midi)
            place, move, shift = settings.places[index], settings.moves[index], settings.shifts[index]
            moved = 0.0 if move is None else move.at(time_s)
            if index == instrument.level:
                to = position_at(knob, np.maximum(knob.low, self._top(high, time_s) + moved + level_db))
            elif place is not None:
                to = place.at(time_s)
            else:
                to = low + (settings.shares[index] + self.pressure * settings.pressures[index]) * (high - low)
            if move is not None and index != instrument.level:
                to = position_at(knob, reading_at(knob, to) + moved)
            each.append(to if shift is None else to + shift.at(time_s))
        return np.clip(np.stack(each, axis=1), LOWEST_POSITION, HIGHEST_POSITION)

    def _top(self, highest: np.ndarray, time_s: np.ndarray) -> np.ndarray:
        """Level in dB of the note at its loudest: as training notes have it, if they tell how hard they were played."""
        instrument, settings = self.player.instrument, self.player.settings
        knob, place = instrument.knobs[instrument.level], settings.places[instrument.level]
        if place is not None:
            return reading_at(knob, place.at(time_s)) + settings.level_db
        loudest = reading_at(knob, highest)
        if not instrument.level_fit or knob.name != "level":
            return loudest + SOFTEST_DB * (1.0 - self.velocity) + settings.level_db
        octaves = (self.target - 60.0) / 12.0
        terms = (1.0, self.velocity, octaves, octaves**2)
        fitted = sum(number * term for number, term in zip(instrument.level_fit, terms, strict=True))
        return np.minimum(loudest, fitted) + settings.level_db

    def _on_the_way(self, asked: np.ndarray) -> np.ndarray:
        """(n, C) positions, each half the way from the one before to what is asked; the level at once."""
        controls = asked.copy()
        free = [index for index in range(asked.shape[1]) if index != self.player.instrument.level]
        now = self._parts[-1].controls[-1, free] if self._parts else asked[0, free]
        for frame in range(len(asked)):
            now = now + FASTEST * (asked[frame, free] - now)
            controls[frame, free] = now
        return controls

    def _gain(self, level_db: np.ndarray) -> np.ndarray:
        settings = self.player.settings
        if self.player.instrument.level >= 0:
            return np.zeros_like(level_db)
        return level_db + SOFTEST_DB * (1.0 - self.velocity) + settings.level_db
