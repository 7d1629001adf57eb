"""Which knobs a recording has, which of them hold, and which are let go."""

from collections.abc import Collection, Sequence

from synths import (
    Brightness,
    ClipFormat,
    Descriptor,
    FundamentalShare,
    Level,
    LogAttackTime,
    Loudness,
    Noisiness,
    OddEvenBalance,
    Roughness,
    Sharpness,
    SpectralCentroid,
    SpectralFlatness,
    SpectralRolloff,
    SpectralSpread,
    Sustain,
    Warmth,
)
from turning.attack_time import AttackTime

PITCHED: tuple[type[Descriptor], ...] = (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness)
"""What a sound with a pitch holds, unless it is turned or released."""
UNPITCHED: tuple[type[Descriptor], ...] = (Level, Sharpness)
FURTHER: tuple[type[Descriptor], ...] = (
    Brightness,
    Loudness,
    SpectralCentroid,
    SpectralFlatness,
    SpectralRolloff,
    SpectralSpread,
    Warmth,
    AttackTime,
    LogAttackTime,
    Sustain,
)
"""What can be turned besides, and is not held."""
BY_BENDING: tuple[type[Descriptor], ...] = (Roughness, Warmth, AttackTime, LogAttackTime, Sustain)
"""What only a whole sound can tell: turned one at a time (`turning.bend`)."""
NEAR_SHARPNESS = (Brightness, SpectralCentroid, SpectralRolloff, SpectralSpread)
"""They say nearly what sharpness says, which is let go where one of them is turned."""


def offered(has_pitch: bool) -> dict[str, type[Descriptor]]:
    """The knobs of a recording by name."""
    own: tuple[type[Descriptor], ...] = (*PITCHED, Roughness) if has_pitch else UNPITCHED
    return {kind.name: kind for kind in (*own, *FURTHER)}


def released_for(turned: Collection[str]) -> set[str]:
    """Knobs that are let go because others are turned, unless they are turned themselves."""
    released = set()
    if any(kind.name in turned for kind in NEAR_SHARPNESS):
        released.add(Sharpness.name)
    if Loudness.name in turned:
        released.add(Level.name)
    return released - set(turned)


def chosen(has_pitch: bool, turned: Sequence[str], released: Collection[str], clip: ClipFormat) -> list[Descriptor]:
    """The knobs that are met: those that are turned, and those that hold."""
    own = [kind.name for kind in (PITCHED if has_pitch else UNPITCHED)]
    wanted = [name for name in own if name not in released or name in turned]
    wanted += [name for name in turned if name not in own]
    kinds = offered(has_pitch)
    return [kinds[name](clip) for name in wanted]
