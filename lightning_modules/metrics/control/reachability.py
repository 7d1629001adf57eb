"""Whether a request can be met at all: by some setting of the synth, whatever a model makes of it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from synths import Descriptor, SMSSynth, measure_all_layers
from synths.projection import projectable
from synths.projection.target import TOLERANCE_POSITION

POWERS = (2, 8, 32, 128)
"""Of the errors in the sum that is made small, one after the other: the last is nearly the worst error alone."""
N_STEPS = 20
"""For each of the powers."""
LARGEST_STEP = 1.0
"""In a raw parameter: about 20 dB, beyond which slopes say little."""
STARTS = ((1.0, 4.0, 0.0), (-1.0, 1.0, 0.0), (0.0, 2.0, 6.0), (0.0, 2.0, -6.0))
"""Raw gain of the harmonics, raw noise bands and their rise from the lowest to the highest.

All partials are alike and all bands sound: what cannot be heard has no slope that would lead anywhere.
"""
_REQUESTS_TOGETHER = 512  # their spectra stay in the cache of a core


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
        high, low = ends if descriptor.jnd is None else map(descriptor.from_unit, ends)
        off[..., index] = (high - low) / (TOLERANCE_POSITION if descriptor.jnd is None else descriptor.jnd)
    return off


@torch.inference_mode(False)
@torch.enable_grad()
def reachable(descriptors: Sequence[Descriptor], synth: SMSSynth, f0_hz: Tensor, asked: Tensor) -> Reachability:
    """Whether some setting of the synth meets all knobs of a request at once, each within its tolerance (`met`).

    The setting is one steady frame of the synth's own parameters, dry and without a network, found by a search from
    several starts. What the search finds is reachable for certain; what it does not find is, in all likelihood, not.
    A knob that no single frame can answer for (measured from sound only, from frame to frame or once per note) is left
    out of the search: its request counts as met within its tolerance of what training notes near that pitch reach.

    Args:
        descriptors: the C knobs, with their ranges
        synth: only its parts are asked, not its effects
        f0_hz: (R,)
        asked: (R, C) knob positions

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
        raise ValueError("a position asked or its f0_hz is not finite: leave out requests that nobody can make.")
    f0_hz, asked = f0_hz.detach().clone().float(), asked.detach().clone().float()
    achieved = asked.clone()
    for position, descriptor in zip(achieved.unbind(-1), descriptors, strict=True):
        position.copy_(position.clamp(*descriptor.range.reach(f0_hz)))
    settings = f0_hz.new_zeros(len(f0_hz), sum(synth.sizes.values()))
    steady = [index for index, descriptor in enumerate(descriptors) if projectable(descriptor)]
    if steady:
        searched = _Requests([descriptors[index] for index in steady], synth, f0_hz, asked[:, steady])
        found = [_nearest(part) for part in searched.parts()]
        achieved[:, steady], settings = (torch.cat(each) for each in zip(*found, strict=True))
    return Reachability(met(achieved, asked, descriptors), achieved, settings)


class _Requests(NamedTuple):
    """R requests of C knobs to one synth: pitches (R,) in Hz and positions (R, C) asked."""

    descriptors: list[Descriptor]
    synth: SMSSynth
    f0_hz: Tensor
    asked: Tensor

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
        return torch.cat([d.to_unit(value) for d, value in zip(self.descriptors, values, strict=True)], dim=-1)

    def judge(self, settings: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(R, P) raw parameters -> positions (R, C), tolerances off (R, C), and (R, C, P) their slopes."""
        settings = settings.detach().requires_grad_()
        positions = self.measure(settings)
        off = tolerances_off(positions, self.asked, self.descriptors)
        # No request depends on another's setting: the slope of their sum is the slope of each.
        slopes = [torch.autograd.grad(each.sum(), settings, retain_graph=True)[0] for each in off.unbind(-1)]
        return positions.detach(), off.detach(), torch.stack(slopes, dim=1)


def _nearest(requests: _Requests) -> tuple[Tensor, Tensor]:
    """Requests -> (R, C) positions and (R, P) setting that come nearest to each, its worst knob judged."""
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
    """Requests and (R, P) raw parameters to begin at -> (R, C) nearest positions, (R,) worst of their tolerances off.

    The parameters become those of the nearest positions.

    Levenberg-Marquardt for all requests side by side, each with its own damping, until it is met: scipy's takes one at
    a time.
    """
    positions, off, slopes = requests.judge(settings)
    for power in POWERS:
        damping = torch.full_like(requests.f0_hz, 0.01)
        for _ in range(N_STEPS):
            unmet = (off.abs().amax(-1) > 1.0).nonzero()[:, 0]
            if not len(unmet):
                break
            tried = settings[unmet] + _step(off[unmet], slopes[unmet], damping[unmet], power)
            judged = requests.of(unmet).judge(tried)
            nearer = _size(judged[1], power) < _size(off[unmet], power)
            damping[unmet] = torch.where(nearer, damping[unmet] / 3.0, damping[unmet] * 4.0).clamp(1e-6, 1e8)
            for kept, new in zip((settings, positions, off, slopes), (tried, *judged), strict=True):
                kept[unmet[nearer]] = new[nearer]
    return positions, off.abs().amax(-1)


def _step(off: Tensor, slopes: Tensor, damping: Tensor, power: int) -> Tensor:
    """(R, C) tolerances off, (R, C, P) slopes, (R,) damping -> (R, P) step towards the least sum of powers.

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
    """(R, C) tolerances off -> (R,) their norm of this power, without overflow."""
    worst = off.abs().amax(-1, keepdim=True).clamp_min(1e-9)
    return worst[:, 0] * torch.linalg.vector_norm(off / worst, ord=power, dim=-1)
