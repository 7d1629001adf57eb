"""Notes given to voices, as class Player of player.js does it, at any moment instead of a device's blocks."""

from typing import NamedTuple

from melodies.played_instrument import PlayedInstrument, PlayerSettings
from melodies.sounding_voice import SoundingVoice, VoiceCurves

LONGEST_LEFT_S = 30.0
"""For how long a voice may still sound after the last note was let go."""


class _HeldKey(NamedTuple):
    midi: float
    velocity: float
    waits: bool = False


class MelodyPlayer:
    """Takes notes in the order of time, and gives the curves of the voices that play them.

    Args:
        instrument: what is played
        settings: how; controllers change them on the way

    Attributes:
        n_cut: notes that gave way to others before they were let go
        finished: voices that are over
    """

    def __init__(self, instrument: PlayedInstrument, settings: PlayerSettings) -> None:
        self.instrument, self.settings = instrument, settings
        self.bend = 0.0
        self.sustain = False
        self.n_cut = 0
        self.finished: list[VoiceCurves] = []
        self._active: list[SoundingVoice] = []
        self._held: dict[object, _HeldKey] = {}

    def until(self, time_s: float) -> None:
        """Let all voices play up to a moment: what is said next counts from there."""
        for voice in self._active:
            voice.until(time_s)
        over = [voice for voice in self._active if voice.is_over]
        self.finished += [voice.curves() for voice in over if voice.n_frames]
        if over:
            self._active = [voice for voice in self._active if voice not in over]

    def on(self, time_s: float, note_id: object, midi: float, velocity: float) -> None:
        """A note begins; notes that are too many end the one that was let go, or began, first."""
        self.until(time_s)
        self._held.pop(note_id, None)
        self._held[note_id] = _HeldKey(midi, velocity)
        sounding = self._sounding()
        legato = next((voice for voice in sounding if self.settings.mono and not voice.is_released), None)
        if legato:
            legato.slur(note_id, midi, velocity)
            return
        for voice in sounding:
            if voice.note_id == note_id or self.settings.mono:
                self.n_cut += not voice.n_frames
                voice.steal()
        playing = [voice for voice in sounding if not voice.is_stolen]
        if len(playing) >= self.settings.most:
            self.n_cut += 1
            min(playing, key=lambda voice: (not voice.is_released, -voice.age_s)).steal()
        self._active.append(SoundingVoice(self, time_s, note_id, midi, velocity))

    def off(self, time_s: float, note_id: object) -> None:
        """A note is let go: at once, or with the pedal."""
        self.until(time_s)
        if note_id not in self._held:
            return
        if self.sustain:
            self._held[note_id] = self._held[note_id]._replace(waits=True)
            return
        del self._held[note_id]
        voice = self.voice_of(note_id)
        if voice is None:
            return
        if self.settings.mono and self._held:
            back = next(reversed(self._held))
            voice.slur(back, self._held[back].midi, self._held[back].velocity)
        else:
            voice.release()

    def pedal(self, time_s: float, down: bool) -> None:
        """The sustain pedal."""
        self.until(time_s)
        self.sustain = down
        if not down:
            for note_id in [each for each, key in self._held.items() if key.waits]:
                self.off(time_s, note_id)

    def panic(self, time_s: float) -> None:
        """All notes end."""
        self.until(time_s)
        self._held.clear()
        for voice in self._active:
            voice.steal()

    def release_all(self, time_s: float) -> None:
        """All notes are let go."""
        self.until(time_s)
        for note_id in list(self._held):
            self.off(time_s, note_id)

    def voice_of(self, note_id: object) -> SoundingVoice | None:
        """The voice that plays a note."""
        return next((voice for voice in self._sounding() if voice.note_id == note_id), None)

    def each_voice(self) -> list[SoundingVoice]:
        """All that sound."""
        return list(self._active)

    def finish(self, time_s: float) -> int:
        """Let everything ring out from a moment on; returns how many notes were still held."""
        self.until(time_s)
        n_hanging = sum(not key.waits for key in self._held.values())
        self._held.clear()
        for voice in self._sounding():
            voice.release()
        self.until(time_s + LONGEST_LEFT_S)
        self.finished += [voice.curves() for voice in self._active if voice.n_frames]
        self._active = []
        self.finished.sort(key=lambda curves: curves.start_s)
        return n_hanging

    def _sounding(self) -> list[SoundingVoice]:
        return [voice for voice in self._active if not voice.is_stolen and not voice.is_over]
