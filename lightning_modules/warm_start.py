"""Fine-tuning: a training that begins with the weights of another model, on other sounds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lightning_modules.decoders.published import PublishedDecoder
from lightning_modules.decoders.with_partials import WithPartials
from lightning_modules.timbre_model import TimbreModel, is_judge

FRAME_RATE_TOLERANCE = 0.01


def begin_from(model: TimbreModel, checkpoint: Mapping[str, Any], name: Path | str) -> None:
    """Take weights and ranges of knobs from another model; the next training takes its ranges from its own sounds.

    A critic of the reconstruction begins anew: it judges, and is no part of what plays.

    Args:
        model: that is going to be trained
        checkpoint: of the other one, looked through
        name: of the other one, for messages

    Raises:
        ValueError: the two are not built alike; the sentence says where
    """
    clip, settings = model.clip, checkpoint["hyper_parameters"]["clip"]
    clip_of = settings if isinstance(settings, Mapping) else vars(settings)
    rate, frame_rate_hz = clip_of["sample_rate"], clip_of["sample_rate"] / clip_of["hop"]
    if rate != clip.sample_rate:
        raise ValueError(_sentence(name, f"plays {rate} Hz", f"this experiment {clip.sample_rate} Hz", "clip"))
    if abs(frame_rate_hz / clip.frame_rate_hz - 1.0) > FRAME_RATE_TOLERANCE:
        hops = (f"has a hop of {clip_of['hop']} samples", f"this experiment {clip.hop}")
        raise ValueError(_sentence(name, *hops, "clip"))
    kinds, own_kinds = checkpoint["interpretsynth"]["knobs"], model.encoder.knob_kinds
    if kinds != own_kinds:
        listed = [", ".join(each) or "none" for each in (kinds, own_kinds)]
        raise ValueError(_sentence(name, f"has the knobs {listed[0]}", f"this experiment {listed[1]}", "model.encoder"))
    state = checkpoint["state_dict"]
    own = {key: value for key, value in model.named_parameters() if not is_judge(key)}
    for key, value in own.items():
        shapes = [tuple(each.shape) for each in (state.get(key, value.new_zeros(0)), value)]
        if shapes[0] != shapes[1]:
            theirs, ours = ("x".join(map(str, shape)) if all(shape) else "no" for shape in shapes)
            part = f"model.{key.split('.')[0]}"
            raise ValueError(_sentence(name, f"has {theirs} numbers in {key}", f"this experiment {ours}", part))
    learnt = {*own, *(key for key in model.state_dict() if ".range." in key)}
    model.load_state_dict({key: state[key] for key in learnt if key in state}, strict=False)
    model.begins_warm = True


def knob_spans(model: TimbreModel) -> list[Tensor]:
    """Readings at positions 0 and 1 of each knob."""
    return [descriptor.range.span.clone() for descriptor in model.encoder.each_descriptor()]


@torch.no_grad()
def keep_meaning(model: TimbreModel, spans_before: list[Tensor]) -> None:
    """After knobs got new ranges, let the decoder play for each reading what it played before.

    A position of before is a * new + b, on a curve of either kind. The layers that see positions, as 2 * position - 1,
    take that in: the function of readings stays the same, and only the sounds have to be learnt.

    Args:
        model: whose decoder is one of ours; those that publications describe are left to training
        spans_before: `knob_spans` from before
    """
    decoder = model.decoder.decoder if isinstance(model.decoder, WithPartials) else model.decoder
    if isinstance(decoder, PublishedDecoder):
        return
    stacks = [each for each in (decoder.before, decoder.after) if isinstance(each, nn.Sequential)]
    layers = [first for first in (each[0] for each in stacks) if isinstance(first, nn.Linear)]
    n_inputs = decoder.straight.in_features
    for index, (descriptor, before) in enumerate(zip(model.encoder.each_descriptor(), spans_before, strict=True)):
        now = descriptor.range.span.clone()
        descriptor.range.span.copy_(before)
        low, high = descriptor.position_of(now).tolist()  # where the new ends were on the knob of before
        descriptor.range.span.copy_(now)
        scale, shift = high - low, high + low - 1.0
        for weight, bias in [
            *((each.weight, each.bias) for each in layers),
            (decoder.straight.weight, decoder.heads.bias),
        ]:
            column = weight[:, weight.shape[1] - n_inputs + 1 + index]
            bias.add_(shift * column)
            column.mul_(scale)


def _sentence(name: Path | str, theirs: str, ours: str, section: str) -> str:
    return (
        f"--init_from {name}: it {theirs}, {ours}: take {section} of the experiment that it was trained with, or leave "
        "--init_from out."
    )
