"""The ends of a file, where windows hear half of a sound only and what they read is no longer sure."""

import math

import torch
from torch import Tensor

from synths.carriers import WINDOW_BLOCKS
from turning.components import Components


def eased(change: Tensor, components: Components, log_gains: Tensor, begins: bool, ends: bool) -> Tensor:
    """A change that at the ends of a file is the same for all parts of the sound.

    Within half a window of an end it goes over to one gain for the whole sound, which needs no splitting and makes no
    click where the file was cut. The sound itself is not faded.

    Args:
        change: (R, N)
        components: of the sound
        log_gains: (R, F, P) that made the change
        begins: whether the sound begins here
        ends: whether it ends here
    """
    n_eased = min(WINDOW_BLOCKS // 2 * components.block, change.shape[1] // 2)
    slope = 0.5 - 0.5 * torch.cos(math.pi * torch.arange(n_eased).to(change) / n_eased)
    if begins:
        part = slice(0, n_eased)
        change[:, part] = torch.lerp(_whole(components, log_gains[:, 0], part), change[:, part], slope)
    if ends:
        part = slice(change.shape[1] - n_eased, change.shape[1])
        change[:, part] = torch.lerp(_whole(components, log_gains[:, -1], part), change[:, part], slope.flip(0))
    return change


def _whole(components: Components, log_gains: Tensor, part: slice) -> Tensor:
    """(R, P) log gains -> (R, n) change of a part of the sound by their mean, strong parts counting most."""
    edges = slice(part.start // components.block, -(-part.stop // components.block) + 1)
    cosines, sines = components.amplitudes[edges].chunk(2, dim=1)
    tone = 0.5 * (cosines.square() + sines.square()).mean(0)
    noise = components.noise[:, part]
    power = torch.cat([tone, noise.square().mean(1)])
    gain = (log_gains * power).sum(1) / (power.sum() + 1e-20)
    return torch.expm1(gain)[:, None] * (components.tone[part] + noise.sum(0))
