"""Where a recording's knobs are, and how far each goes while the others hold."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from instrument.listening import listen
from instrument.samples import InMemory
from lightning_modules.timbre_model import TimbreModel
from projection import Target, projectable
from projection.reach import reach
from synths import Descriptor, sounding_mean

N_FRAMES = 6
"""Frames that stand for a recording, evenly spread over what sounds of it."""


class KnobReach(NamedTuple):
    """One knob of one recording, in positions.

    Attributes:
        descriptor: the knob's
        position: where the recording has it, in the mean over what sounds
        lowest, highest: where it goes while the others hold; NaN where only sound tells it
    """

    descriptor: Descriptor
    position: float
    lowest: float
    highest: float

    def reading(self, position: float) -> float:
        """A position in the knob's unit."""
        return float(self.descriptor.value_at(torch.tensor(position)))

    def jnds(self, position: float) -> float:
        """Least audible differences from where the recording is up to a position; NaN where none is known."""
        step = self.descriptor.jnd or float("nan")
        return (self.reading(position) - self.reading(self.position)) / step


@torch.no_grad()
def knob_reach(model: TimbreModel, audio: Tensor, f0_hz: Tensor, beside: Sequence[Descriptor] = ()) -> list[KnobReach]:
    """Search the layers of a few frames; window, room and the frames between are left out.

    Args:
        model: in eval mode, whose synth can say what it plays
        audio: (N,) at the model's rate
        f0_hz: (F,) its pitch, F = ceil(N / hop)
        beside: descriptors that the model was not trained on, turned or held with its knobs

    Returns:
        one for each knob, then for each beside; no place is outside 0..1 unless the recording is

    Raises:
        ValueError: nothing sounds
    """
    encoder, pitch = model.encoder, f0_hz[None]
    own, padded = [*encoder.each_descriptor(), *beside], torch.nn.functional.pad(audio, (0, -len(audio) % encoder.hop))
    listened = listen(model, InMemory(audio), f0_hz, beside)
    if not listened.sounding.any():
        raise ValueError("nothing sounds: there is nothing to turn.")
    mean = sounding_mean(listened.positions, listened.sounding)[0]
    known = [index for index, descriptor in enumerate(own) if projectable(descriptor)]
    moves = torch.full((len(own), 2), torch.nan)
    if known:
        moves[known] = _moves(model, padded[None], pitch, [own[index] for index in known], mean[known])
    return [
        KnobReach(descriptor, float(at), float(at + down), float(at + up))
        for descriptor, at, (down, up) in zip(own, mean, moves, strict=True)
    ]


def _moves(model: TimbreModel, audio: Tensor, pitch: Tensor, knobs: list[Descriptor], mean: Tensor) -> Tensor:
    """(C, 2) moves down and up, in the mean over the frames that stand for the sound."""
    encoder, target = model.encoder, Target(knobs)
    encoding = encoder(audio, pitch)
    played = model.synth.layers(pitch, model.decoder(pitch, encoding.controls, encoding.residual)).every(encoder.every)
    sounds = encoder.sounding(audio, encoder.every)[0].nonzero()[:, 0]
    chosen = sounds[torch.linspace(0, len(sounds) - 1, N_FRAMES + 2)[1:-1].round().long()]
    layers = played.frames(lambda values: values[:, chosen])
    home = target.of_sound(audio, pitch, encoder.every)[:, chosen]
    farthest = torch.stack([-mean.clamp_min(0.0), (1.0 - mean).clamp_min(0.0)], dim=-1)
    prior = encoder.prior(layers, model.clip.nyquist_hz)
    return reach(knobs, layers, home, farthest, target.tolerance(mean[None]), prior).mean(0)
