"""Requests that a recording cannot meet, refused before anything is turned."""

from collections.abc import Sequence

from synths.descriptors.request import KnobRequest
from timbre.requests import refuse_unknown
from timbre.turn_report import impossible
from turning.knobs import offered
from turning.listened import Listened
from turning.turn import AskedPlaces


def refuse_what_is_not_there(listened: Listened, requests: Sequence[KnobRequest], released: Sequence[str]) -> None:
    """Raises ValueError where a recording does not have a knob that is turned or released."""
    kinds = offered(listened.has_pitch)
    for name in [*(request.knob for request in requests), *released]:
        if name not in kinds and name in offered(True):
            raise ValueError(
                f"{listened.sound.label}: {name} needs a sound with a pitch, and only {listened.why_no_pitch}: turn "
                f"one of {', '.join(kinds)}, or give the pitch with --f0."
            )
    refuse_unknown(requests, kinds, owner="a recording")
    for name in released:
        if name not in kinds:
            raise ValueError(f"--release {name}: there is no such knob: choose one of {', '.join(kinds)}.")
        if name in [request.knob for request in requests]:
            raise ValueError(f"--release {name}: {name} is turned: leave one out.")


def refuse_impossible(listened: Listened, asked: AskedPlaces, requests: Sequence[KnobRequest]) -> None:
    """Raises ValueError for what the recording's parts cannot do."""
    for request, reason in impossible(listened, asked, 0, requests):
        raise ValueError(f"{request.written}: {reason}.")
