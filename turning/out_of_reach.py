"""What cannot be met goes as far as it can; all the rest is met."""

import torch
from torch import Tensor

from projection.request import TOLERANCE
from turning.gains import NEARLY, GainSearch, Turned
from turning.recording_search import StrictRequest

N_HALVINGS = 4
"""The farthest place is known to a 16th of the way."""
STARTS = ((-2.0, 0.0, 2.0, 0.0, 2.0), (0.0, 0.0, 0.0, 0.0, 2.0))
"""Nepers along the musical directions: overtones softer, beside fundamental and noise; and noise louder."""


def within_reach(gains: GainSearch, request: StrictRequest, found: Turned, steady_only: bool) -> Turned:
    """Better answers where not all was met.

    The turned knob that is farthest off gives way first; the next one with it only where the others are still off.

    Args:
        gains: of the recording
        request: R requests
        found: their answers so far
        steady_only: one set of gains for the whole recording
    """
    if request.turned is None:
        return found
    found = _from_elsewhere(gains, request, found, steady_only)
    order = (request.off(found.measured) * request.turned).argsort(1, descending=True).argsort(1)
    giving, most = torch.zeros_like(request.turned), int(request.turned.sum(1).max())
    for n_giving in range(1, most + 1):
        far = ((request.off(found.measured) > NEARLY) & ~giving).any(1) & request.turned.any(1)
        giving = request.turned & (order < n_giving)
        rows = far.nonzero()[:, 0]
        if len(rows):
            strict, nearest = request.but(free=giving).rows(rows), found.rows(rows)
            if n_giving < most:  # what holds now was free before
                nearest = _better(strict, gains.met(strict, steady_only), nearest)
            found = found.with_rows(rows, _farthest(gains, strict, nearest, steady_only))
    return found


def _from_elsewhere(gains: GainSearch, request: StrictRequest, found: Turned, steady_only: bool) -> Turned:
    """Better answers, from other places to set out from, where a knob is off: a near-sine has no slope to follow."""
    for start in STARTS:
        rows = (request.off(found.measured) > NEARLY).any(1).nonzero()[:, 0]
        if len(rows):
            some, own = request.rows(rows), found.rows(rows)
            again = gains.met(some, steady_only, own.log_gains.new_tensor(start))
            found = found.with_rows(rows, _better(some, again, own))
    return found


def _farthest(gains: GainSearch, request: StrictRequest, found: Turned, steady_only: bool) -> Turned:
    """The better of what was found and the farthest place, on the way of what gives way, where all others are met."""
    own = request.target.of_sound(gains.recording.audio[None], gains.recording.f0_hz[None], 1)
    rows = _is_met(gains, _on_the_way(request, own, torch.zeros(len(request.asked)))).nonzero()[:, 0]
    if not len(rows):
        return found
    some = request.rows(rows)
    share = torch.zeros(len(rows))
    for halving in range(1, N_HALVINGS + 1):
        tried = share + 0.5**halving
        share = torch.where(_is_met(gains, _on_the_way(some, own, tried)), tried, share)
    nearer = gains.met(_on_the_way(some, own, share), steady_only)
    return found.with_rows(rows, _better(some, nearer, found.rows(rows)))


def _better(request: StrictRequest, one: Turned, other: Turned) -> Turned:
    return one.where(request.cost(one.measured) < request.cost(other.measured), other)


def _is_met(gains: GainSearch, request: StrictRequest) -> Tensor:
    """(R,) True where steady gains meet all knobs."""
    return (request.off(gains.steady(request).measured) <= TOLERANCE).all(1)


def _on_the_way(request: StrictRequest, own: Tensor, share: Tensor) -> StrictRequest:
    """What gives way a (R,) share of the way from where the recording is; the rest as it is asked."""
    giving = torch.zeros_like(request.tolerance, dtype=torch.bool) if request.turned is None else request.turned
    way = torch.where(giving, share[:, None], torch.ones_like(request.tolerance))
    return request.but(asked=torch.lerp(own.expand_as(request.asked), request.asked, way[:, None]))
