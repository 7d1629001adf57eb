"""Knobs that only a whole sound can tell: a recording is bent along one direction, until the knob reads what was asked.

What the others lose by it is then put right by the search, which hears the bent recording as it hears any other.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from projection import Target
from projection.prior import bark
from synths import Descriptor, FundamentalShare, LogAttackTime, Roughness, Sharpness, Sustain, Warmth
from turning.attack_time import AttackTime
from turning.components import Components
from turning.evened import evened
from turning.gains import Turned
from turning.noise_bands import middles_hz
from turning.recording import Recording
from turning.search import turned
from turning.shape import attack_gain, sustain_gain

MODULATION_HZ = 70.0
"""Where the ear finds fluctuation roughest."""
ROUGH_FROM_HZ = 200.0
"""Below, the sidebands of a partial reach its neighbours, and read as noise."""
SHORTEST_MS = 5.0
"""The window of the envelope makes 2 to 5 ms of an instant attack."""
LOW_UNTIL_BARK, LOW_TO_BARK = 2.5, 6.0
MOST_TRIALS = 8


class Bend(NamedTuple):
    """One such knob.

    Attributes:
        kind: its descriptor
        change: recording, parts of it or of a channel, amount -> (N,) what the bend adds
        first: what it reads, what it is asked -> amount to try first
        limits: amounts
        near: how near the reading has to come, in the unit
        released: knobs that say nearly the same: held, they would undo it
    """

    kind: type[Descriptor]
    change: Callable[[Recording, Components, float], Tensor]
    first: Callable[[float, float], float]
    limits: tuple[float, float]
    near: float
    released: tuple[type[Descriptor], ...] = ()


class Bent(NamedTuple):
    """A recording that was bent and then turned: by how much, what the knob reads, and the gains on its parts."""

    recording: Recording
    amount: float
    reading: float
    turned: Turned


def modulated(recording: Recording, parts: Components, amount: float) -> Tensor:
    """The partials, made louder and softer 70 times a second; less than nothing evens out what fluctuates."""
    if amount < 0.0:
        return evened(recording, parts.sound, -amount)
    time_s = torch.arange(len(parts.tone)).to(parts.tone) / recording.clip.sample_rate
    return amount * torch.cos(2.0 * math.pi * MODULATION_HZ * time_s) * parts.tone


def lifted_low(recording: Recording, parts: Components, amount: float) -> Tensor:
    """What lies below 250 Hz, made louder by so many nepers, and less and less up to 700 Hz."""
    rate = recording.clip.sample_rate
    partials_hz = torch.arange(1, parts.n_partials + 1) * recording.f0_hz.median()
    place = bark(torch.cat([partials_hz, middles_hz(rate)]))
    share = ((LOW_TO_BARK - place) / (LOW_TO_BARK - LOW_UNTIL_BARK)).clamp(0.0, 1.0)
    return parts.change(amount * share[None, None], recording.clip.hop)[0]


def begun_anew(recording: Recording, parts: Components, amount: float) -> Tensor:
    """All of it under gains that make its attack 10^amount times as long."""
    return (attack_gain(recording, amount) - 1.0) * parts.sound


def sustained(recording: Recording, parts: Components, amount: float) -> Tensor:
    """All of it under gains that grow from the attack to the end, by so many nepers."""
    return (sustain_gain(recording, amount) - 1.0) * parts.sound


def _times(factor: float) -> Callable[[float, float], float]:
    return lambda was, wanted: factor * (wanted - was)


def _decades(was_ms: float, wanted_ms: float) -> float:
    return math.log10(max(wanted_ms, SHORTEST_MS) / max(was_ms, SHORTEST_MS))


BENDS = {
    bend.kind.name: bend
    for bend in (
        Bend(Roughness, modulated, _times(1.5), (-1.0, 1.0), 0.003),
        Bend(Warmth, lifted_low, _times(0.4), (-3.0, 3.0), 0.2, (Sharpness, FundamentalShare)),
        Bend(LogAttackTime, begun_anew, _times(1.0), (-2.0, 2.0), 0.005),
        Bend(AttackTime, begun_anew, _decades, (-2.0, 2.0), 0.2),
        Bend(Sustain, sustained, _times(5.0), (-3.0, 3.0), 0.002),
    )
}
"""The knobs that are turned so, by name."""


def bent(recording: Recording, bend: Bend, amount: float) -> Recording:
    """A recording with so much of a bend."""
    if amount == 0.0:
        return recording
    return recording.with_audio(recording.audio + bend.change(recording, recording.components, amount))


def turned_with(
    recording: Recording,
    bend: Bend,
    move: float,
    knobs: Sequence[Descriptor],
    asked: Tensor,
    free: Tensor | None,
    steady_only: bool = False,
) -> Bent:
    """Move a bent knob by so much of its unit, and meet one request of the others.

    A secant search for the amount; its best trial is kept.

    Args:
        recording: what is turned
        bend: the knob
        move: in its unit
        knobs: the others
        asked: (1, F, C) their positions
        free: (1, C) True for those that may miss
        steady_only: as in `turned`
    """
    start = _reading(bend, recording, recording.audio)
    wanted = start + move
    tried: list[Bent] = []
    amount = min(max(bend.first(start, wanted), bend.limits[0]), bend.limits[1])
    for _ in range(MOST_TRIALS):
        now = bent(recording, bend, amount)
        answer = turned(now, knobs, _as_it_moves(recording, now, knobs, asked), free, steady_only)
        tried.append(Bent(now, amount, _reading(bend, now, answer.audio[0]), answer))
        if abs(tried[-1].reading - wanted) <= bend.near:
            break
        amount = _next(tried, wanted, bend, start)
        if amount in [trial.amount for trial in tried]:
            break
    return min(tried, key=lambda trial: abs(trial.reading - wanted))


def why_not_bent(bend: Bend, f0_hz: Tensor, was: float, asked: float) -> str:
    """Why a knob cannot be bent to a reading, as the rest of a sentence; "" where nothing speaks against it."""
    if bend.kind is Roughness and asked < 0.0:
        return f"roughness is 0 or more, and is {was:.3g} asper here"
    if bend.kind is Roughness and asked > was and float(f0_hz.median()) < ROUGH_FROM_HZ:
        return f"roughness is raised in sounds of {ROUGH_FROM_HZ:g} Hz and more: below, what makes it reads as noise"
    if bend.kind in (AttackTime, LogAttackTime) and asked < was:
        shortest = SHORTEST_MS if bend.kind is AttackTime else math.log10(0.001 * SHORTEST_MS)
        if asked < shortest:
            return f"attacks are heard through a window that makes {SHORTEST_MS:g} ms of any shorter one: ask for more"
    if bend.kind is Sustain and asked <= 0.0:
        return "no sound ends before it begins: ask for more than 0 s"
    return ""


def _next(tried: Sequence[Bent], wanted: float, bend: Bend, start: float) -> float:
    """Where a line through the two trials that are nearest meets what is wanted; no bend reads as it starts."""
    known = sorted(
        [(trial.amount, trial.reading) for trial in tried] + [(0.0, start)], key=lambda each: abs(each[1] - wanted)
    )
    (first, one), (second, other) = known[:2]
    slope = (other - one) / (second - first) if second != first else 0.0
    step = (wanted - one) / slope if abs(slope) > 1e-9 else 0.5 * tried[0].amount
    longest = max(0.1 * (bend.limits[1] - bend.limits[0]), abs(first))
    return min(max(first + min(max(step, -longest), longest), bend.limits[0]), bend.limits[1])


def _as_it_moves(recording: Recording, now: Recording, knobs: Sequence[Descriptor], asked: Tensor) -> Tensor:
    """(1, F, C) what is asked in the mean, along the course that the bent recording has."""
    if now is recording:
        return asked
    own = Target(knobs).of_sound(now.audio[None], now.f0_hz[None], 1)
    sounds = recording.sounding
    return own + (asked - own)[:, sounds].mean(1, keepdim=True)


def _reading(bend: Bend, recording: Recording, audio: Tensor) -> float:
    return float(bend.kind(recording.clip).pooled(audio[None], recording.f0_hz[None])[0])
