"""A voice in TorchScript for hosts with buffers of any size: told pitch and knobs, or following a live input."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from instrument.input_follower import InputFollower, LevelNow
from instrument.instrument import CONTROL_RANGE, FIRST_HZ, Instrument, Knob
from instrument.traced_frame import traced_frame, traced_whole
from synths import ClipFormat

N_MIDI = 128
MIDDLE = 0.5
LOUDER_DB, SOFTER_DB = 24.0, -60.0
"""How far the level of a model without a knob for it is moved at most."""


class HostPreset(NamedTuple):
    """An instrument that a voice plays.

    Attributes:
        name: as it is chosen
        lowest_midi: pitch of the first row of the residual
        residual: (n, D) semitone by semitone, held beyond both ends
        shares: (C,) where its knobs stand, 0..1 of what notes of the sounding pitch reach
    """

    name: str
    lowest_midi: int
    residual: Tensor
    shares: Tensor

    def residual_by_midi(self) -> Tensor:
        """(128, D)."""
        return self.residual[(torch.arange(N_MIDI) - self.lowest_midi).clamp(0, len(self.residual) - 1)]


class HostedVoice(nn.Module):
    """One voice, to be scripted. It begins a hop with the first sample of it: no later than the instrument itself.

    Args:
        instrument: open: its knobs follow the decoder
        level: index of the knob of level in dB, -1 where there is none: then the sound's level is moved
        presets: the first is set; none leaves residuals at zero and knobs in the middle
        pitches_midi: lowest and highest pitch learnt; an input outside is followed octaves away
    """

    presets_residual: Tensor
    presets_shares: Tensor
    reach: Tensor
    shares: list[float]

    def __init__(
        self,
        instrument: Instrument,
        level: int,
        presets: Sequence[HostPreset] = (),
        pitches_midi: tuple[float, float] = (0.0, 127.0),
    ) -> None:
        super().__init__()
        clip, self.n_controls = instrument.clip, len(instrument.knobs)
        self.hop, self.noise_size = clip.hop, instrument.noise_size
        self.latency_samples = instrument.latency_frames * clip.hop
        self.frame, self.first = traced_frame(instrument)
        self.memory = self.first
        self.follower = InputFollower(clip)
        self.meter = _meter(clip)
        self.level, self.level_span_db = level, _ends(instrument.knobs[level]) if level >= 0 else (0.0, 1.0)
        self.register_buffer("reach", torch.stack([_reach_by_midi(knob) for knob in instrument.knobs]))
        none = HostPreset("", 0, torch.zeros(1, instrument.residual_size), torch.full((self.n_controls,), MIDDLE))
        kept = list(presets) or [none]
        self.preset_names = [preset.name for preset in kept]
        self.register_buffer("presets_residual", torch.stack([preset.residual_by_midi() for preset in kept]))
        self.register_buffer("presets_shares", torch.stack([preset.shares.float() for preset in kept]))
        self.low_midi, self.high_midi = pitches_midi
        self.controls_low, self.controls_high = CONTROL_RANGE
        self.louder_db, self.softer_db = LOUDER_DB, SOFTER_DB
        self.preset = 0
        self.shares = [float(share) for share in kept[0].shares]
        self.level_db, self.semitones = 0.0, 0.0
        self.sound, self.played = torch.zeros(self.hop), torch.zeros(self.follower.n_past)
        self.used, self.residual_midi, self.octaves, self.gain = self.hop, _midi(FIRST_HZ), 0, 1.0

    @torch.jit.export
    def reset(self) -> None:
        """As before the first sound; knobs and preset stay."""
        self.memory = self.first
        self.follower.reset()
        self.sound, self.played = torch.zeros(self.hop), torch.zeros(self.follower.n_past)
        self.used, self.octaves, self.gain = self.hop, 0, 1.0

    @torch.jit.export
    def choose(self, name: str) -> bool:
        """Play a preset, and put the knobs where it has them; False where there is none of that name."""
        for index, each in enumerate(self.preset_names):
            if each == name:
                self.preset = index
                shares: list[float] = self.presets_shares[index].tolist()
                self.shares = shares
                return True
        return False

    @torch.jit.export
    def render(self, curves: Tensor) -> Tensor:
        """(1 + C, n) pitch in Hz and positions, sample by sample -> (n,) sound; a hop goes by its first sample."""
        out = torch.zeros(curves.shape[1])
        done = 0
        while done < curves.shape[1]:
            if self.used >= self.hop:
                self.next_hop(float(curves[0, done]), curves[1:, done])
            take = min(self.hop - self.used, curves.shape[1] - done)
            out[done : done + take] = self.sound[self.used : self.used + take]
            self.used += take
            done += take
        return out

    @torch.jit.export
    def follow(self, audio: Tensor) -> Tensor:
        """(n,) samples -> (n,) sound at their pitch and level, knobs as they are set."""
        out = torch.zeros(audio.shape[0])
        done = 0
        while done < audio.shape[0]:
            if self.used >= self.hop:
                self.next_followed()
            take = min(self.hop - self.used, audio.shape[0] - done)
            self.follower.hear(audio[done : done + take])
            out[done : done + take] = self.sound[self.used : self.used + take]
            self.used += take
            done += take
        return out

    def next_hop(self, f0_hz: float, positions: Tensor) -> None:
        """Play a frame of (C,) positions at a pitch in Hz."""
        if 1.0 <= f0_hz and math.isfinite(f0_hz):
            self.residual_midi = 69.0 + 12.0 * math.log(f0_hz / 440.0) / math.log(2.0)
        noise = 2.0 * torch.rand(1, 1, self.noise_size) - 1.0
        residual = self.at_midi(self.presets_residual[self.preset], self.residual_midi)
        pitch = torch.full([1, 1], f0_hz)
        audio, self.memory = self.frame(pitch, positions[None, None].float(), residual[None, None], noise, self.memory)
        self.sound, self.used = audio[0], 0

    def next_followed(self) -> None:
        """Play a frame of what the input was up to now."""
        heard_hz, heard_db = self.follower.forward()
        if heard_hz <= 0.0:
            self.next_hop(0.0, torch.tensor(self.shares))
            return
        midi = 69.0 + 12.0 * math.log(heard_hz / 440.0) / math.log(2.0)
        self.octaves = self.octaves_into(midi, self.octaves)
        midi += 12.0 * self.octaves + self.semitones
        ends = self.at_midi(self.reach.transpose(0, 1), midi)
        positions = torch.lerp(ends[:, 0], ends[:, 1], torch.tensor(self.shares))
        asked_db = heard_db + self.level_db
        if self.level >= 0:
            low_db, high_db = self.level_span_db
            positions[self.level] = (asked_db - low_db) / (high_db - low_db)
        positions = positions.clamp(self.controls_low, self.controls_high)
        self.next_hop(440.0 * 2.0 ** ((midi - 69.0) / 12.0), positions)
        if self.level < 0:
            self.move_level(asked_db)

    def move_level(self, asked_db: float) -> None:
        """Turn a hop up or down, by what the sound was before it."""
        self.played = torch.cat([self.played, self.sound])[-self.follower.n_past :]
        off_db = min(self.louder_db, max(self.softer_db, asked_db - float(self.meter(self.played))))
        gain = 10.0 ** (off_db / 20.0)
        self.sound = self.sound * torch.linspace(self.gain, gain, self.hop)
        self.gain = gain

    def octaves_into(self, midi: float, before: int) -> int:
        """By how many octaves a pitch is moved to what was learnt; as before while that will do, and it is not home."""
        is_inside = self.low_midi - 1.0 < midi + 12.0 * before < self.high_midi + 1.0
        is_home = self.low_midi - 1.0 < midi < self.high_midi + 1.0
        if is_inside and (before == 0 or not is_home):
            return before
        if midi < self.low_midi:
            return math.ceil((self.low_midi - midi - 1.0) / 12.0)
        if midi > self.high_midi:
            return -math.ceil((midi - self.high_midi - 1.0) / 12.0)
        return 0

    def at_midi(self, table: Tensor, midi: float) -> Tensor:
        """(128, ...) by semitone -> (...) between them in a line."""
        place = min(max(midi, 0.0), 127.0)
        below = min(int(place), 126)
        return torch.lerp(table[below], table[below + 1], place - below)


def _meter(clip: ClipFormat) -> torch.jit.ScriptModule:
    meter = LevelNow(clip)
    return traced_whole(meter, (torch.zeros(meter.n_past),))


def _ends(knob: Knob) -> tuple[float, float]:
    return knob.low, knob.high


def _reach_by_midi(knob: Knob) -> Tensor:
    """(128, 2) lowest and highest position at each semitone, as the page has them; all of a labelled factor."""
    rows = knob.reach or [(0.0, 0.0, 1.0), (127.0, 0.0, 1.0)]
    midi = torch.tensor([row[0] for row in rows])
    ends = torch.tensor([row[1:] for row in rows])
    place = torch.arange(float(N_MIDI)).clamp(float(midi[0]), float(midi[-1])).contiguous()
    above = torch.searchsorted(midi, place).clamp(1, len(rows) - 1)
    share = (place - midi[above - 1]) / (midi[above] - midi[above - 1])
    return torch.lerp(ends[above - 1], ends[above], share[:, None])


def _midi(f0_hz: float) -> float:
    return 69.0 + 12.0 * math.log2(f0_hz / 440.0)
