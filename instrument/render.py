"""A recording of any length through a trained model, its knobs turned."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch
from torch import Tensor

from lightning_modules.exact import Exact, obstacle_of
from lightning_modules.faithful import fit_recording
from lightning_modules.knobs import asked_beside, asked_encoding
from lightning_modules.timbre_model import TimbreModel
from projection import Target
from synths import Descriptor, sounding_mean
from synths.descriptors.request import KnobRequest
from synths.silence import sound_there


class Rendered(NamedTuple):
    """A recording that went through a model, and what its knobs were asked.

    Attributes:
        audio: (N,)
        descriptors: C: the model's knobs, then those that are turned beside them
        was, asked: (1, J, C) positions in the J frames that are judged
        sounding: (1, J) 1 where the recording sounds
        requests: that were made
    """

    audio: Tensor
    descriptors: list[Descriptor]
    was: Tensor
    asked: Tensor
    sounding: Tensor
    requests: Sequence[KnobRequest]


class KnobReport(NamedTuple):
    """How one knob was met, in the mean over what sounds.

    Attributes:
        descriptor: the knob's
        was, asked, got: readings, in the unit; NaN where nothing can be read
        off: least audible differences above what was asked, or twentieths of the range where none is known
        turned: whether it was asked to move
        frames_off: (n,) the same in every frame that sounds, where a curve was asked; else None
    """

    descriptor: Descriptor
    was: float
    asked: float
    got: float
    off: float
    turned: bool
    frames_off: Tensor | None


@torch.no_grad()
def render(
    model: TimbreModel,
    audio: Tensor,
    f0_hz: Tensor,
    requests: Sequence[KnobRequest] = (),
    beside: Sequence[Descriptor] = (),
    dry: bool = False,
    exact: bool = True,
    faithful: bool = False,
) -> Rendered:
    """Take a sound apart, turn its knobs, put it together again: pitch and loudness follow the input.

    Where the input is digital silence, an exact sound is silent too.

    Args:
        model: in eval mode
        audio: (N,) at the model's rate, any length
        f0_hz: (F,) its pitch, F = ceil(N / hop)
        requests: what is asked of the knobs, and of the descriptors beside them
        beside: descriptors that the model was not trained on, to be turned or held
        dry: leave out the effects, such as the learned room
        exact: whether the knobs are met on the sound, or the sound is what the decoder plays
        faithful: whether a fit of the synth to the recording stands in for what the network plays of it; only if exact

    Raises:
        ValueError: the knobs are to be met, and a part of the synth cannot be played by numbers; or faithful, not exact
    """
    if faithful and not exact:
        raise ValueError("a faithful sound needs exact knobs: render it with both, or with neither.")
    encoder, pitch = model.encoder, f0_hz[None]
    padded, every = whole_frames(model, audio), encoder.judged_every
    taken_apart, sounding = encoder(padded, pitch), encoder.sounding(padded, every)
    own = list(encoder.each_descriptor())
    of_controls = [request for request in requests if request.knob in encoder.controls]
    by_name = {descriptor.name: descriptor for descriptor in own}
    encoding = asked_encoding(taken_apart, sounding, encoder.controls, of_controls, by_name, every)
    course = asked_beside(model, padded, pitch, sounding, beside, requests) if beside else None
    fit = fit_recording(model, padded, pitch, taken_apart) if faithful and not obstacle_of(model) else None
    with model.synth.dry() if dry else nullcontext():
        if exact:
            names = [request.knob for request in requests]
            turned = [name in names for name in (*encoder.controls, *(each.name for each in beside))]
            mask = torch.tensor([turned], device=padded.device)
            met = Exact(model, beside, fit)
            if any(request.is_course for request in requests) and not beside:
                rendering = met.follow(pitch, encoding, sounding, mask)
            else:
                rendering = met.answer(pitch, encoding, sounding, mask, course)[0]
        else:
            rendering = model.put_together(pitch, encoding)
    asked = encoding.controls[:, ::every, : len(own)]
    if course is not None:
        asked = torch.cat([asked, course[:, :: every // encoder.every]], dim=-1)
    was = measured_positions(model, audio, f0_hz, beside)
    heard = rendering.audio[0, : len(audio)]
    if exact:
        heard = heard * torch.from_numpy(sound_there(audio.cpu().numpy(), model.clip.sample_rate)).to(heard)
    return Rendered(heard, [*own, *beside], was, asked, sounding, requests)


@torch.no_grad()
def knob_reports(model: TimbreModel, rendered: Rendered, audio: Tensor, f0_hz: Tensor) -> list[KnobReport]:
    """How the knobs were met on (N,) audio as it is delivered, at its (F,) pitch."""
    own = rendered.descriptors
    got = measured_positions(model, audio, f0_hz, own[len(model.encoder.knobs) :])
    was, asked, mean = (sounding_mean(each, rendered.sounding)[0] for each in (rendered.was, rendered.asked, got))
    tolerance = Target(own).tolerance(asked)
    off = (mean - asked) / tolerance
    frames_off = ((got - rendered.asked) / tolerance)[rendered.sounding.bool()]
    turned = {request.knob for request in rendered.requests}
    courses = {request.knob for request in rendered.requests if request.is_course}
    reports = []
    for index, descriptor in enumerate(own):
        was_read, asked_read, got_read = (float(descriptor.value_at(each[index])) for each in (was, asked, mean))
        followed = frames_off[:, index] if descriptor.name in courses else None
        turns = descriptor.name in turned
        reports.append(KnobReport(descriptor, was_read, asked_read, got_read, float(off[index]), turns, followed))
    return reports


@torch.no_grad()
def measured_positions(model: TimbreModel, audio: Tensor, f0_hz: Tensor, beside: Sequence[Descriptor] = ()) -> Tensor:
    """(N,) audio, (F,) its pitch -> (1, J, C) positions of the knobs and of what is beside, in the frames judged."""
    padded, every = whole_frames(model, audio), model.encoder.judged_every
    positions = model.encoder.knob_positions(padded, f0_hz[None], every)
    if not beside:
        return positions
    return torch.cat([positions, Target(beside).of_sound(padded, f0_hz[None], every)], dim=-1)


def whole_frames(model: TimbreModel, audio: Tensor) -> Tensor:
    """(N,) audio -> (1, N') padded with silence to whole frames."""
    return torch.nn.functional.pad(audio, (0, -len(audio) % model.clip.hop))[None]
