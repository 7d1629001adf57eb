"""Knobs of voices met on what they play, frame by frame."""

import math

import torch
from torch import Tensor

from lightning_modules.exact import obstacle_of
from lightning_modules.timbre_model import TimbreModel
from melodies.voice_rows import VoiceRows
from projection import follow_curves, projectable

WINDOW_S = 0.046
"""What a descriptor's usual window sees at once."""
QUIET_DB = -70.0
"""Level below which nothing is told of a sound."""
N_STEPS = (4, 2, 2, 2)
"""Rounds before each render: half the time of those that recordings get, and 0.02 JND farther off in the mean."""
STEADY_DB, STEADY_SEMITONES = 6.0, 1.0
"""Moves within a window up to which a frame reads what it plays."""


def exact_audio(rows: VoiceRows) -> Tensor:
    """(B, N) audio of voices whose knobs are met; knobs that only sound can tell follow the decoder."""
    own = list(rows.model.encoder.each_descriptor())
    indices = [index for index, knob in enumerate(own) if projectable(knob)]
    if not indices or obstacle_of(rows.model):
        return rows.unchanged
    asked = rows.asked[:, :: rows.every, indices]
    return follow_curves(rows, [own[index] for index in indices], asked, steady_frames(rows), N_STEPS)


def steady_frames(rows: VoiceRows) -> Tensor:
    """(B, F / every) True where a window hears one note: neither its begin, nor its end, nor a jump.

    Of a voice with no such frame, the middle of what sounds.
    """
    clip, every = rows.model.clip, rows.every
    reach = math.ceil(0.5 * WINDOW_S * clip.frame_rate_hz)
    frame = torch.arange(rows.f0_hz.shape[1])
    steady = (frame >= reach) & (frame + reach < rows.n_played[:, None])
    semitones = 12.0 * rows.f0_hz.log2()
    steady &= _moves(semitones, reach) < STEADY_SEMITONES
    level = _level_db(rows)
    if level is not None:
        steady &= (_moves(level, reach) < STEADY_DB) & (level > QUIET_DB)
    return _some(steady[:, ::every], rows.n_played // (2 * every))


def _level_db(rows: VoiceRows) -> Tensor | None:
    for index, knob in enumerate(rows.model.encoder.each_descriptor()):
        if knob.is_level:
            return knob.value_at(rows.asked[..., index])
    return None


def _moves(values: Tensor, reach: int) -> Tensor:
    """(B, F) -> (B, F) greatest less least within `reach` frames."""
    padded = torch.nn.functional.pad(values[:, None], (reach, reach), mode="replicate")
    both = torch.nn.functional.max_pool1d(torch.cat([padded, -padded], dim=1), 2 * reach + 1, 1)
    return both.sum(1)


def _some(steady: Tensor, middle: Tensor) -> Tensor:
    """The same, with one frame in each row at least."""
    lonely = ~steady.any(1)
    steady[lonely, middle.clamp_max(steady.shape[1] - 1)[lonely]] = True
    return steady


def can_be_exact(model: TimbreModel) -> bool:
    """Whether any knob of a model is met."""
    return not obstacle_of(model) and any(projectable(knob) for knob in model.encoder.each_descriptor())
