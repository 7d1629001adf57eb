"""A recording of any length through a trained model, its knobs turned."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.exact import Answer, Exact
from lightning_modules.knobs import turn
from synths import Descriptor, sounding_mean
from synths.projection import Target


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


class Further(NamedTuple):
    """A descriptor that the model was not trained on, turned: to a reading, or `by` so much from where it is."""

    descriptor: Descriptor
    reading: float
    by: bool = False


@torch.no_grad()
def render_exactly(
    model: TimbreAutoencoder,
    audio: Tensor,
    f0_hz: Tensor,
    positions: Mapping[str, float],
    nudges: Mapping[str, float],
    dry: bool = False,
    further: Sequence[Further] = (),
) -> tuple[Tensor, Answer]:
    """As `render`, with knobs that are met on the sound.

    Args:
        model: in eval mode
        audio: (N,) at the model's rate, any length
        f0_hz: (F,) its pitch, F = ceil(N / hop)
        positions: knob to its position, as `turn` takes them
        nudges: knob to its nudge
        dry: leave out the effects, such as the learned room
        further: what else is turned

    Returns:
        (N,) audio, and how the request was met

    Raises:
        ValueError: a part of the synth cannot be played by numbers; a further descriptor is told from sound only
    """
    exact = Exact(model, [each.descriptor for each in further])
    padded, every = whole_frames(model, audio), model.encoder.judged_every
    taken_apart, sounding = model.encoder(padded, f0_hz[None]), model.encoder.sounding(padded, every)
    encoding = turn(taken_apart, sounding, model.encoder.controls, positions, nudges, every)
    turned = [name in positions or name in nudges for name in model.encoder.controls] + [True] * len(further)
    beside = _moved(model, padded, f0_hz[None], sounding, further) if further else None
    with model.synth.dry() if dry else nullcontext():
        rendering, answer = exact.answer(
            f0_hz[None], encoding, sounding, torch.tensor([turned], device=padded.device), beside
        )
    return rendering.audio[0, : len(audio)], answer


def _moved(
    model: TimbreAutoencoder, audio: Tensor, f0_hz: Tensor, sounding: Tensor, further: Sequence[Further]
) -> Tensor:
    """(1, F / every, A) positions of further descriptors that move as in the recording, their means where asked."""
    every = model.encoder.every
    own = Target([each.descriptor for each in further]).of_sound(audio, f0_hz, every)
    mean = sounding_mean(own, sounding, model.encoder.judged_every // every)[0]
    offsets = []
    for each, position in zip(further, mean, strict=True):
        before = each.descriptor.value_at(position)
        asked = before + each.reading if each.by else torch.as_tensor(each.reading).to(before)
        offsets.append(each.descriptor.position_of(asked) - position)
    return own + torch.stack(offsets)


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
