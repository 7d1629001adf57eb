"""What a recording has, heard stretch by stretch, before any of it is played."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from instrument.pieces import Piece, stretches_of
from instrument.samples import Samples
from lightning_modules.timbre_model import TimbreModel
from projection import Target
from synths import Descriptor, sounding_frames


@dataclass(frozen=True)
class HeardRecording:
    """A whole recording, in the J frames that are judged and, its level, in the E that are measured.

    Attributes:
        controls: (1, J, C) as the encoder has them
        positions: (1, J, K + A) as they are measured: the knobs, then the descriptors beside them
        sounding: (1, J) 1 where it sounds
        level_db: (E,) A-weighted
        level_sounds: (E,) 1 where it sounds
    """

    controls: Tensor
    positions: Tensor
    sounding: Tensor
    level_db: Tensor
    level_sounds: Tensor


@torch.no_grad()
def listen(model: TimbreModel, sound: Samples, f0_hz: Tensor, beside: Sequence[Descriptor] = ()) -> HeardRecording:
    """Hear a recording and its (F,) pitch in Hz."""
    encoder = model.encoder
    controls, levels = [], []
    for piece in _stretches(model, len(f0_hz)):
        audio, pitch = heard_in(model, sound, piece), f0_hz[None, piece.start : piece.stop]
        kept = encoder(audio, pitch).controls[:, :: encoder.judged_every]
        controls.append(kept[:, _own(piece, encoder.judged_every)])
        levels.append(encoder.level_db(audio, encoder.every)[0, _own(piece, encoder.every)])
    level_db = torch.cat(levels)
    judged_db = level_db[:: encoder.judged_every // encoder.every]
    sounds = sounding_frames(level_db.clamp_max(judged_db.max())).to(level_db)
    positions = positions_of(model, sound, f0_hz, beside)
    return HeardRecording(
        torch.cat(controls, dim=1), positions, sounding_frames(judged_db)[None].to(level_db), level_db, sounds
    )


@torch.no_grad()
def positions_of(model: TimbreModel, sound: Samples, f0_hz: Tensor, beside: Sequence[Descriptor] = ()) -> Tensor:
    """A sound at its (F,) pitch, held where the sound is longer -> (1, J, K + A) positions in the frames judged."""
    n_frames = -(-sound.n_samples // model.clip.hop)
    f0_hz = torch.cat([f0_hz, f0_hz[-1:].expand(max(0, n_frames - len(f0_hz)))])[:n_frames]
    each = []
    for piece in _stretches(model, n_frames):
        audio, pitch = heard_in(model, sound, piece), f0_hz[None, piece.start : piece.stop]
        every = model.encoder.judged_every
        positions = model.encoder.knob_positions(audio, pitch, every)
        if beside:
            positions = torch.cat([positions, Target(beside).of_sound(audio, pitch, every)], dim=-1)
        each.append(positions[:, _own(piece, every)])
    return torch.cat(each, dim=1)


def heard_in(model: TimbreModel, sound: Samples, piece: Piece) -> Tensor:
    """(1, N) what a piece plays of a sound, padded with silence to whole frames."""
    hop = model.clip.hop
    audio = sound.read(piece.start * hop, (piece.stop - piece.start) * hop)
    return torch.nn.functional.pad(audio, (0, (piece.stop - piece.start) * hop - len(audio)))[None]


def _stretches(model: TimbreModel, n_frames: int) -> list[Piece]:
    return stretches_of(n_frames, model.encoder.judged_every, model.clip.frame_rate_hz)


def _own(piece: Piece, every: int) -> slice:
    """Which of the frames of a piece, every so-many-th of those that it plays, are heard of it."""
    return slice((piece.first - piece.start) // every, -(-(piece.end - piece.start) // every))
