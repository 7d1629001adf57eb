"""Whether a request can be met at all: by some setting of the synth, whatever a model makes of it."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from projection import projectable
from projection.target import TOLERANCE_POSITION
from synths import Descriptor, SMSSynth
from synths.inverse import nearest_settings


class Reachability(NamedTuple):
    """Whether each of R requests can be met, (R,) bool, and the knob positions (R, C) that come nearest to it.

    settings: (R, P) raw parameters of the synth that play them, one after the other as in its `sizes`
    """

    reachable: Tensor
    achieved: Tensor
    settings: Tensor


def met(measured: Tensor, asked: Tensor, descriptors: Sequence[Descriptor]) -> Tensor:
    """(..., C) knob positions measured and asked -> (...) True where every knob is within its tolerance; NaN is not.

    The tolerance is the least difference that is heard, or 5 % of the training range where the literature gives none.
    """
    return (tolerances_off(measured, asked, descriptors).abs() <= 1.0).all(-1)


def tolerances_off(measured: Tensor, asked: Tensor, descriptors: Sequence[Descriptor]) -> Tensor:
    """(..., C) knob positions measured and asked -> (..., C) how many tolerances the first is above the second.

    Raises:
        ValueError: there are not as many positions as descriptors
    """
    if not measured.shape[-1] == asked.shape[-1] == len(descriptors):
        raise ValueError(
            f"{measured.shape[-1]} positions are measured and {asked.shape[-1]} asked of {len(descriptors)} "
            "descriptors: give one of each per descriptor."
        )
    off = torch.empty_like(measured - asked)
    for index, descriptor in enumerate(descriptors):
        ends = measured[..., index], asked[..., index]
        high, low = ends if descriptor.jnd is None else map(descriptor.value_at, ends)
        off[..., index] = (high - low) / (TOLERANCE_POSITION if descriptor.jnd is None else descriptor.jnd)
    return off


@torch.inference_mode(False)
@torch.enable_grad()
def reachable(
    descriptors: Sequence[Descriptor], synth: SMSSynth, f0_hz: Tensor, asked: Tensor, gives_up: bool = False
) -> Reachability:
    """Whether some setting of the synth meets all knobs of a request at once, each within its tolerance (`met`).

    The setting is one steady frame of the synth's own parameters, dry and without a network, searched for by
    `nearest_settings`. What is found is reachable for certain; what is not found is, in all likelihood, not.
    A knob that no single frame can answer for (measured from sound only, from frame to frame or once per note) is left
    out of the search: its request counts as met within its tolerance of what training notes near that pitch reach.

    Args:
        descriptors: the C knobs, with their ranges
        synth: only its parts are asked, not its effects
        f0_hz: (R,)
        asked: (R, C) knob positions
        gives_up: end the search early where a request will not be met; what is achieved is then not the nearest

    Raises:
        ValueError: there is not one position per pitch and descriptor, or one is not finite
        NotImplementedError: a part of the synth cannot say what it plays
    """
    if asked.shape != (*f0_hz.shape, len(descriptors)):
        raise ValueError(
            f"asked has shape {tuple(asked.shape)}, f0_hz {tuple(f0_hz.shape)}: give one position for each of "
            f"{len(descriptors)} descriptors at each pitch."
        )
    if not (asked.isfinite().all() and f0_hz.isfinite().all()):
        raise ValueError("a position asked or its f0_hz is not finite: leave that request out.")
    f0_hz, asked = f0_hz.detach().clone().float(), asked.detach().clone().float()
    achieved = asked.clone()
    for position, descriptor in zip(achieved.unbind(-1), descriptors, strict=True):
        position.copy_(position.clamp(*descriptor.range.reach(f0_hz)))
    settings = f0_hz.new_zeros(len(f0_hz), sum(synth.sizes.values()))
    steady = [index for index, descriptor in enumerate(descriptors) if projectable(descriptor)]
    if steady:
        searched = [descriptors[index] for index in steady]
        errors = partial(tolerances_off, descriptors=searched)
        achieved[:, steady], settings = nearest_settings(searched, synth, f0_hz, asked[:, steady], errors, gives_up)
    return Reachability(met(achieved, asked, descriptors), achieved, settings)
