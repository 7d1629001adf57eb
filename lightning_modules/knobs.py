"""Turning knobs: the one place where a person enters."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact
from lightning_modules.timbre_model import TimbreModel
from projection import Target
from synths import Descriptor, sounding_mean
from synths.descriptors.request import KnobRequest


class KnobSweep(NamedTuple):
    """A batch of clips at P positions of one knob: asked_positions (P,), measured_positions (B, P), audio (B, P, N)."""

    asked_positions: Tensor
    measured_positions: Tensor
    audio: Tensor


def asked_encoding(
    encoding: Encoding,
    sounding: Tensor,
    knobs: Sequence[str],
    requests: Sequence[KnobRequest],
    descriptors: Mapping[str, Descriptor],
    every: int = 1,
) -> Encoding:
    """The encoding that is asked for: places first, then moves from there.

    Args:
        encoding: of B clips
        sounding: (B, F / every) 1 where the clip sounds, in the frames that the mean is of
        knobs: names of the controls, in order
        requests: of these controls
        descriptors: by name; a control without one has positions only
        every: the mean is over every so-many frames, an encoder's `judged_every` wherever the sound is then measured
    """
    controls = encoding.controls.clone()
    for request in sorted(requests, key=lambda each: each.moves):
        index = knobs.index(request.knob)
        mean = sounding_mean(controls, sounding, every)[:, index]
        controls[..., index] = request.positions(descriptors.get(request.knob), controls[..., index], mean)
    own = encoding.controls if encoding.own is None else encoding.own
    return encoding._replace(controls=controls, own=own)


def asked_beside(
    model: TimbreModel,
    audio: Tensor,
    f0_hz: Tensor,
    sounding: Tensor,
    beside: Sequence[Descriptor],
    requests: Sequence[KnobRequest],
) -> Tensor:
    """The positions that are asked of descriptors that are no knobs: those of the sound, but where a request moves one.

    Args:
        model: whose frames are meant
        audio: (B, N)
        f0_hz: (B, F) pitch in Hz
        sounding: (B, F / judged_every) 1 where the sound sounds
        beside: A descriptors
        requests: of these and of others

    Returns:
        (B, F / every, A)
    """
    # As it is judged: a change from one frame to the next depends on which are looked at.
    asked = Target(beside).of_sound(audio, f0_hz, model.encoder.judged_every)
    mean = sounding_mean(asked, sounding)
    for index, descriptor in enumerate(beside):
        for request in (each for each in requests if each.knob == descriptor.name):
            asked[..., index] = request.positions(descriptor, asked[..., index], mean[:, index])
    every = model.encoder.every
    return asked.repeat_interleave(model.encoder.judged_every // every, dim=1)[:, : -(-f0_hz.shape[1] // every)]


def turn(
    encoding: Encoding,
    sounding: Tensor,
    knobs: Sequence[str],
    positions: Mapping[str, float],
    nudges: Mapping[str, float],
    every: int = 1,
) -> Encoding:
    """Move knobs of a whole sound by positions, keeping the way they move within it.

    Args:
        encoding: of B clips
        sounding: (B, F / every) 1 where the clip sounds, in the frames that the mean is of
        knobs: names of the controls, in order
        positions: knob to the position, 0..1, that its mean over the sounding frames takes
        nudges: knob to how far it moves, -1..1
        every: as for `asked_encoding`

    Raises:
        ValueError: a knob is not there, or a position or nudge is out of range
    """
    for name in (*positions, *nudges):
        if name not in knobs:
            raise ValueError(f"there is no knob '{name}': this model has {', '.join(knobs) or 'none'}.")
    for name, position in positions.items():
        if not 0.0 <= position <= 1.0:
            raise ValueError(f"{name}={position:g} is out of range: a knob goes from 0 to 1, its training range.")
    for name, nudge in nudges.items():
        if not -1.0 <= nudge <= 1.0:
            raise ValueError(f"{name}={nudge:+g} is out of range: a knob moves by -1 to +1.")
    places = [KnobRequest(name, position) for name, position in positions.items()]
    moves = [KnobRequest(name, nudge, moves=True) for name, nudge in nudges.items()]
    return asked_encoding(encoding, sounding, knobs, [*places, *moves], {}, every)


@torch.no_grad()
def sweep(
    model: TimbreModel,
    audio: Tensor,
    f0_hz: Tensor,
    knob: str,
    positions: Sequence[float],
    exact: Exact | None = None,
) -> KnobSweep:
    """Render (B, N) clips at several positions of one knob, and measure what came out with the same descriptor.

    With `exact` the knobs are met; without, it is what the decoder plays.
    """
    every, names, n = model.encoder.judged_every, model.encoder.controls, len(positions)
    encoding, sounding = model.encoder(audio, f0_hz), model.encoder.sounding(audio, every)
    turned = torch.cat([turn(encoding, sounding, names, {knob: p}, {}, every).controls for p in positions])
    pitch = f0_hz.repeat(n, 1)
    own, residual = (part.repeat(n, 1, 1) for part in (encoding.controls, encoding.residual))
    together = Encoding(turned, residual, {}, own)
    heard, which = sounding.repeat(n, 1), torch.tensor([name == knob for name in names], device=audio.device)
    met = exact(pitch, together, heard, which.expand(len(pitch), -1)) if exact else None
    output = (met or model.put_together(pitch, together)).audio
    read = model.encoder.knob_positions(output, pitch, every)
    measured = sounding_mean(read, heard)[:, model.encoder.knobs.index(knob)]
    shape = (n, len(audio))
    return KnobSweep(
        torch.tensor(positions), measured.unflatten(0, shape).T, output.unflatten(0, shape).transpose(0, 1)
    )
