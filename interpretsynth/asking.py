"""What is asked of knobs in Python: positions, places in the unit, and moves."""

import math
from collections.abc import Mapping
from numbers import Real

from synths.descriptors.request import KnobRequest
from timbre.requests import each_once, request_of

Asked = float | str
"""A number is a position from 0 to 1, or a difference of positions; text is a number with a unit, such as +2jnd."""
MEND = "give a position from 0 to 1, or text with a unit, such as '1.8acum', '-30dB' or '+2jnd'"


def requests_to(knobs: Mapping[str, Asked], nudged: Mapping[str, Asked] | None = None) -> list[KnobRequest]:
    """Requests to knobs by name.

    Args:
        knobs: where each is to be; a number of least audible differences ('+2jnd') is a move
        nudged: how far each is to move

    Raises:
        ValueError: one says nothing, or two ask the same knob
    """
    places = [_request(name, asked, False, f"{name}={asked!r}") for name, asked in knobs.items()]
    moves = [_request(name, asked, True, f"nudge {name}={asked!r}") for name, asked in (nudged or {}).items()]
    return each_once([*places, *moves])


def _request(name: str, asked: Asked, moves: bool, written: str) -> KnobRequest:
    if isinstance(asked, Real) and not isinstance(asked, bool) and math.isfinite(asked):
        return KnobRequest(name, float(asked), "", moves, written)
    if not isinstance(asked, str):
        raise ValueError(f"{written}: {MEND}.")
    counts_jnds = asked.strip().lower().removesuffix("s").endswith("jnd")
    if asked.strip().startswith("+") and not (moves or counts_jnds):
        # Where a minus is part of many places, a plus says that a move is meant.
        raise ValueError(f"{written}: a place has no plus: to move the knob, write nudge={{'{name}': {asked!r}}}.")
    return request_of(name, asked, moves or counts_jnds, written, MEND)
