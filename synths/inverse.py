"""The synth backwards: from readings that are wanted to settings that give them."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from synths.descriptors import Descriptor, measure_all_layers
from synths.sms import SMSSynth

POWERS = (2, 8, 32, 128)
"""Powers of the errors in the sum that is minimised, one after the other: the last is nearly the worst error alone."""
N_STEPS = 20
"""For each of the powers."""
HOPELESS = 2.0
"""Where the least sum of squares is so many times that of errors of 1 each, no setting near it has none above 1."""
LARGEST_STEP = 1.0
"""In a raw parameter: about 20 dB, beyond which slopes say little."""
STARTS = ((1.0, 4.0, 0.0), (-1.0, 1.0, 0.0), (0.0, 2.0, 6.0), (0.0, 2.0, -6.0))
"""Raw gain of the harmonics, raw noise bands and their rise from the lowest to the highest.

All partials are alike and all bands sound: what cannot be heard has no slope that would lead anywhere.
"""
_REQUESTS_TOGETHER = 512  # their spectra stay in the cache of a core
_FEW_REQUESTS = 24  # up to here, a step costs by its number of operations, not by their size

Errors = Callable[[Tensor, Tensor], Tensor]
"""(R, C) positions measured and asked -> (R, C) how far the first is above the second, in the caller's own steps.

A request is met, and its search at an end, where none of its C errors is more than 1. It must be differentiable.
"""


class Nearest(NamedTuple):
    """The settings that come nearest to R requests: (R, P) raw parameters, as in the synth's `sizes`.

    positions: (R, C) of the knobs, that the settings reach
    """

    positions: Tensor
    settings: Tensor


@torch.inference_mode(False)
@torch.enable_grad()
def nearest_settings(
    descriptors: Sequence[Descriptor],
    synth: SMSSynth,
    f0_hz: Tensor,
    asked: Tensor,
    errors: Errors,
    gives_up: bool = False,
) -> Nearest:
    """Search the synth's own parameters for those whose steady frame meets all knobs of a request at once.

    The frame is dry and without a network, and each request is searched for by itself, from several starts, until it
    is met: the worst of its errors is made small. The magnitudes of noise are measured, not played noise: the
    answer is always the same.

    Args:
        descriptors: the C knobs, with their ranges; each `projectable`
        synth: only its parts are asked, not its effects
        f0_hz: (R,)
        asked: (R, C) knob positions
        errors: by what a request is judged
        gives_up: end a search early that will not meet its request; what it found is then not the nearest

    Raises:
        NotImplementedError: a part of the synth cannot say what it plays
    """
    f0_hz, asked = f0_hz.detach().clone().float(), asked.detach().clone().float()
    searched = _Requests(list(descriptors), synth, f0_hz, asked, errors, gives_up)
    found = [_nearest(part) for part in searched.parts()]
    return Nearest(*(torch.cat(each) for each in zip(*found, strict=True)))


class _Requests(NamedTuple):
    """R requests of C knobs to one synth: pitches (R,) in Hz, positions (R, C) asked, and how they are judged."""

    descriptors: list[Descriptor]
    synth: SMSSynth
    f0_hz: Tensor
    asked: Tensor
    errors: Errors
    gives_up: bool

    def of(self, index: Tensor | slice) -> "_Requests":
        """Some of them."""
        return self._replace(f0_hz=self.f0_hz[index], asked=self.asked[index])

    def parts(self) -> Iterator["_Requests"]:
        """All of them, a few at a time."""
        for start in range(0, max(1, len(self.f0_hz)), _REQUESTS_TOGETHER):
            yield self.of(slice(start, start + _REQUESTS_TOGETHER))

    def start(self, gain: float, noise: float, noise_rise: float) -> Tensor:
        """(R, P) raw parameters, as the parts begin a search."""
        raw = self.synth.start(gain, noise, noise_rise)
        return torch.cat([raw[name] for name in self.synth.sizes]).to(self.f0_hz).repeat(len(self.f0_hz), 1)

    def measure(self, settings: Tensor) -> Tensor:
        """(R, P) raw parameters -> (R, C) knob positions of what the synth then plays."""
        each = settings[:, None].split(list(self.synth.sizes.values()), dim=-1)
        layers = self.synth.layers(self.f0_hz[:, None], dict(zip(self.synth.sizes, each, strict=True)))
        values = measure_all_layers(self.descriptors, layers)
        return torch.cat([d.position_of(value) for d, value in zip(self.descriptors, values, strict=True)], dim=-1)

    def judge(self, settings: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(R, P) raw parameters -> positions (R, C), errors (R, C), and (R, C, P) their slopes."""
        if len(settings) <= _FEW_REQUESTS:
            return self._judge_few(settings)
        settings = settings.detach().requires_grad_()
        positions = self.measure(settings)
        off = self.errors(positions, self.asked)
        # No request depends on another's setting: the slope of their sum is the slope of each.
        slopes = [torch.autograd.grad(each.sum(), settings, retain_graph=True)[0] for each in off.unbind(-1)]
        return positions.detach(), off.detach(), torch.stack(slopes, dim=1)

    def _judge_few(self, settings: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same, with each request once for each knob: one walk back through the graph in place of C."""
        n_knobs = self.asked.shape[-1]
        each = settings.detach().repeat_interleave(n_knobs, 0).requires_grad_()
        repeated = self.of(torch.arange(len(settings), device=settings.device).repeat_interleave(n_knobs))
        positions = repeated.measure(each)
        off = self.errors(positions, repeated.asked)
        own = off.unflatten(0, (-1, n_knobs)).diagonal(dim1=-2, dim2=-1)
        (slopes,) = torch.autograd.grad(own.sum(), each)
        return positions[::n_knobs].detach(), off[::n_knobs].detach(), slopes.unflatten(0, (-1, n_knobs))


def _nearest(requests: _Requests) -> tuple[Tensor, Tensor]:
    """Requests -> (R, C) positions and (R, P) settings that come nearest to each, its worst knob judged."""
    settings = requests.start(*STARTS[0])
    positions, worst = _descend(requests, settings)
    unmet = (worst > 1.0).nonzero()[:, 0]
    if not len(unmet):
        return positions, settings
    # Few are left: the other starts side by side cost no more than one after the other, and waste less on overhead.
    others = torch.cat([requests.of(unmet).start(*start) for start in STARTS[1:]])
    found, off = _descend(requests.of(unmet.repeat(len(STARTS) - 1)), others)
    least, start = off.unflatten(0, (-1, len(unmet))).min(0)
    best = found.unflatten(0, (-1, len(unmet)))[start, torch.arange(len(unmet)).to(start)]
    better = (least < worst[unmet])[:, None]
    positions[unmet] = torch.where(better, best, positions[unmet])
    which = others.unflatten(0, (-1, len(unmet)))[start, torch.arange(len(unmet)).to(start)]
    settings[unmet] = torch.where(better, which, settings[unmet])
    return positions, settings


def _descend(requests: _Requests, settings: Tensor) -> tuple[Tensor, Tensor]:
    """Requests and (R, P) raw parameters to begin at -> (R, C) nearest positions, (R,) worst of their errors.

    The parameters become those of the nearest positions.

    Levenberg-Marquardt for all requests side by side, each with its own damping, until it is met: scipy's takes one at
    a time.
    """
    positions, off, slopes = requests.judge(settings)
    hopeless = torch.zeros_like(requests.f0_hz, dtype=torch.bool)
    for power in POWERS:
        damping = torch.full_like(requests.f0_hz, 0.01)
        for _ in range(N_STEPS):
            unmet = ((off.abs().amax(-1) > 1.0) & ~hopeless).nonzero()[:, 0]
            if not len(unmet):
                break
            tried = settings[unmet] + _step(off[unmet], slopes[unmet], damping[unmet], power)
            judged = requests.of(unmet).judge(tried)
            nearer = _size(judged[1], power) < _size(off[unmet], power)
            damping[unmet] = torch.where(nearer, damping[unmet] / 3.0, damping[unmet] * 4.0).clamp(1e-6, 1e8)
            for kept, new in zip((settings, positions, off, slopes), (tried, *judged), strict=True):
                kept[unmet[nearer]] = new[nearer]
        if requests.gives_up and power == POWERS[0]:
            hopeless = _size(off, 2) > HOPELESS * off.shape[-1] ** 0.5
    return positions, off.abs().amax(-1)


def _step(off: Tensor, slopes: Tensor, damping: Tensor, power: int) -> Tensor:
    """(R, C) errors, (R, C, P) slopes, (R,) damping -> (R, P) step towards the least sum of powers.

    Many steps serve C errors equally well: this one moves what counts little as far as what counts much, lest a weak
    partial be given up for lost.
    """
    worst = off.abs().amax(-1, keepdim=True)
    share = (off.abs() / worst).double()
    # What is made small is the sum of squares of these.
    bent = off.sign() * share ** (power / 2)
    bent_slopes = slopes * (power / 2 * share ** (power / 2 - 1) / worst)[..., None]
    steepness = torch.linalg.vector_norm(slopes, dim=1, keepdim=True).double()
    mobility = 0.01 / (steepness / steepness.amax(-1, keepdim=True).clamp_min(1e-12) + 0.01)
    system = bent_slopes * mobility @ bent_slopes.mT + damping[:, None, None] * torch.eye(off.shape[-1]).to(share)
    step = -(bent_slopes * mobility * torch.linalg.solve(system, bent)[..., None]).sum(1).to(off)
    return step * (LARGEST_STEP / step.abs().amax(-1, keepdim=True).clamp_min(1e-9)).clamp_max(1.0)


def _size(off: Tensor, power: int) -> Tensor:
    """(R, C) errors -> (R,) their norm of this power, without overflow."""
    worst = off.abs().amax(-1, keepdim=True).clamp_min(1e-9)
    return worst[:, 0] * torch.linalg.vector_norm(off / worst, ord=power, dim=-1)
