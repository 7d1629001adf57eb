"""A recording of any length through a trained model, its knobs turned."""

from collections.abc import Mapping
from contextlib import nullcontext

import torch
from torch import Tensor

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.knobs import turn
from synths import sounding_mean


@torch.no_grad()
def render(
    model: TimbreAutoencoder,
    audio: Tensor,
    f0_hz: Tensor,
    positions: Mapping[str, float],
    nudges: Mapping[str, float],
    dry: bool = False,
) -> Tensor:
    """Take a sound apart, turn its knobs, put it together again: pitch and loudness follow the input.

    Args:
        model: in eval mode
        audio: (N,) at the model's rate, any length
        f0_hz: (F,) its pitch, F = ceil(N / hop)
        positions: knob to its position, as `turn` takes them
        nudges: knob to its nudge
        dry: leave out the effects, such as the learned room

    Returns:
        (N,) audio
    """
    padded = whole_frames(model, audio)
    every = model.encoder.judged_every
    taken_apart, sounding = model.encoder(padded, f0_hz[None]), model.encoder.sounding(padded, every)
    encoding = turn(taken_apart, sounding, model.encoder.controls, positions, nudges, every)
    with model.synth.dry() if dry else nullcontext():
        return model.put_together(f0_hz[None], encoding).audio[0, : len(audio)]


@torch.no_grad()
def measured_positions(model: TimbreAutoencoder, audio: Tensor, f0_hz: Tensor) -> dict[str, float]:
    """(N,) audio, (F,) its pitch -> mean position of each knob over the sounding frames."""
    padded = whole_frames(model, audio)
    every = model.encoder.judged_every
    measured = model.encoder.knob_positions(padded, f0_hz[None], every)
    mean = sounding_mean(measured, model.encoder.sounding(padded, every))[0]
    return dict(zip(model.encoder.knobs, mean.tolist(), strict=True))


def whole_frames(model: TimbreAutoencoder, audio: Tensor) -> Tensor:
    """(N,) audio -> (1, N') padded with silence to whole frames."""
    return torch.nn.functional.pad(audio, (0, -len(audio) % model.clip.hop))[None]
