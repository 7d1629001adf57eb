"""A part made sound: its voices summed, then in the room, stretch by stretch in memory that does not grow with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from lightning_modules.timbre_model import TimbreModel
from melodies.exact_voices import exact_audio, steady_frames
from melodies.sounding_voice import VoiceCurves
from melodies.voice_rows import VoiceRows
from synths import measure_all

STRETCH_S = 10.0
"""Voices that begin within it are played together."""
MOST_FRAMES = 3000
"""Frames of all rows of a batch together."""
QUIETEST = 1e-4
"""What is left of a room's tail when it ends: 80 dB below full scale."""


class PlayedVoice(NamedTuple):
    """One voice as it was played.

    Attributes:
        voice: its curves
        audio: (N,) before the room
        asked: (J, C) positions, in every `every`-th frame
        positions: (J, K) measured on the audio there
        steady: (J,) True where a window hears nothing but one note
        every: frames from one measurement to the next
    """

    voice: VoiceCurves
    audio: Tensor
    asked: Tensor
    positions: Tensor
    steady: Tensor
    every: int


@dataclass(frozen=True)
class PartSettings:
    """How a part is played.

    Attributes:
        model: in eval mode
        preset: whose residual is played; None: zeros
        exact: whether knobs are met
        seed: of the noise
    """

    model: TimbreModel
    preset: Mapping[str, Any] | None
    exact: bool = True
    seed: int = 0


def dry_stretches(
    voices: Sequence[VoiceCurves], settings: PartSettings, note: Callable[[PlayedVoice], object]
) -> Iterator[Tensor]:
    """The sum of the voices, (n,) after (n,), before the room.

    Args:
        voices: in the order in which they begin
        settings: how they are played
        note: is told each voice, in order
    """
    rate, step = settings.model.clip.sample_rate, round(STRETCH_S * settings.model.clip.sample_rate)
    waiting, first, left = list(voices), 0, torch.zeros(0)
    while waiting or len(left):
        n_now = sum(round(voice.start_s * rate) < first + step for voice in waiting)
        now, waiting = waiting[:n_now], waiting[n_now:]
        played = each_played(now, settings)
        starts = [round(each.voice.start_s * rate) - first for each in played]
        ends = [start + len(each.audio) for start, each in zip(starts, played, strict=True)]
        n_out = step if waiting else max([len(left), *ends])
        sound = pad(left, (0, max([n_out, len(left), *ends]) - len(left)))
        for start, each in zip(starts, played, strict=True):
            sound[start : start + len(each.audio)] += each.audio
            note(each)
        yield sound[:n_out]
        left, first = sound[n_out:], first + n_out


@torch.no_grad()
def each_played(voices: Sequence[VoiceCurves], settings: PartSettings) -> list[PlayedVoice]:
    """Voices as they are played, in the same order; those of a length share a batch."""
    found: dict[int, PlayedVoice] = {}
    for rows in _batches([len(voice.f0_hz) for voice in voices]):
        batch = VoiceRows(settings.model, [voices[row] for row in rows], settings.preset, settings.seed)
        found |= dict(zip(rows, _played(batch, settings.exact), strict=True))
    return [found[row] for row in range(len(voices))]


def in_room(model: TimbreModel, dry: Iterable[Tensor]) -> Iterator[Tensor]:
    """(n,) after (n,) of a dry sound -> the same in the model's room, and what rings on, faded."""
    n_tail, ringing = model.synth.tail_samples, torch.zeros(model.synth.tail_samples)
    for sound in dry:
        wet = pad(sound, (0, n_tail))[None]
        with torch.no_grad():
            for effect in model.synth.effects:
                wet = effect(wet)
        heard = wet[0] + pad(ringing, (0, len(sound)))
        yield heard[: len(sound)]
        ringing = heard[len(sound) :]
    loud = (ringing.abs() > QUIETEST).nonzero()
    ringing = ringing[: int(loud[-1]) + 1 if len(loud) else 0]
    yield ringing * torch.linspace(1.0, 0.0, max(1, len(ringing)))[: len(ringing)]


def _played(batch: VoiceRows, exact: bool) -> Iterator[PlayedVoice]:
    hop, encoder = batch.model.clip.hop, batch.model.encoder
    audio = exact_audio(batch) if exact else batch.unchanged
    descriptors = list(encoder.each_descriptor())
    shape = batch.f0_hz[:, :: batch.every].shape
    readings = measure_all(descriptors, audio, batch.f0_hz, batch.every)
    each = [knob.position_of(value.expand(shape)) for knob, value in zip(descriptors, readings, strict=True)]
    positions = torch.stack(each, dim=-1) if each else audio.new_zeros(*shape, 0)
    steady = steady_frames(batch)
    for row, voice in enumerate(batch.voices):
        n_frames = int(batch.n_played[row])
        n_read = -(-n_frames // batch.every)
        yield PlayedVoice(
            voice,
            audio[row, : n_frames * hop],
            batch.asked[row, :: batch.every][:n_read],
            positions[row, :n_read],
            steady[row, :n_read],
            batch.every,
        )


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of rows, the shortest first, of so many frames together."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if rows and (len(rows) + 1) * lengths[row] > MOST_FRAMES:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows
