"""What no gains on a recording's parts can do, as the rest of a sentence."""

from synths import Descriptor, FundamentalShare, Noisiness, OddEvenBalance

LEAST_SHARE = 0.01
NOTHING = 1e-3
"""A share so near to 0 or 1 that its other side is not there."""
PUREST_DB = -47.0
"""Noise below that is what windows leave."""
MOST_ODD_DB = 29.0


def why_impossible(knob: Descriptor, was: float, asked: float) -> str:
    """Why a knob cannot go from one reading to another; "" where nothing speaks against it."""
    if isinstance(knob, FundamentalShare):
        return _share(was, asked)
    if isinstance(knob, Noisiness) and asked < PUREST_DB:
        return f"noise below {PUREST_DB:g} dB cannot be told from what windows leave: ask for more"
    if isinstance(knob, Noisiness) and was < PUREST_DB:
        return f"at {was:.1f} dB it has no noise that could be raised"
    if isinstance(knob, OddEvenBalance) and abs(asked) > MOST_ODD_DB:
        return f"it goes from {-MOST_ODD_DB:g} to {MOST_ODD_DB:g} dB"
    return ""


def _share(was: float, asked: float) -> str:
    if was < NOTHING:
        return "the recording has no fundamental that could be raised"
    if was > 1.0 - NOTHING:
        return "the recording has no overtones that could be raised"
    if not LEAST_SHARE <= asked <= 1.0 - LEAST_SHARE:
        return f"it goes from {LEAST_SHARE:.0%} to {1.0 - LEAST_SHARE:.0%}, and {max(0.0, asked):.1%} is asked"
    return ""
