"""The options --set, --nudge and --curve: what is asked of the knobs of one sound."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from synths import ClipFormat
from synths.descriptors.request import KnobRequest
from timbre.knob_curves import KnobCurve, read_knob_curves
from timbre.requests import parsed_requests, refuse_out_of_range, refuse_unknown

if TYPE_CHECKING:
    from synths import Descriptor


class AskedKnobs(NamedTuple):
    """All that is asked: of whole sounds, and over time."""

    steady: list[KnobRequest]
    curves: list[KnobCurve]

    def refuse_what_is_not_there(
        self, descriptors: "Mapping[str, Descriptor]", factors: Sequence[str] = (), owner: str = "this model"
    ) -> None:
        """Refuse what these knobs do not have, or reach only outside their range.

        Raises:
            ValueError: something is; the sentence names it, and the mend
        """
        refuse_unknown([*self.steady, *(curve.request for curve in self.curves)], descriptors, factors, owner)
        moments = [moment for curve in self.curves for moment in curve.each_moment()]
        for request in (*self.steady, *moments):
            refuse_out_of_range(request, descriptors.get(request.knob))

    def over(self, n_samples: int, clip: ClipFormat) -> list[KnobRequest]:
        """The requests to one sound, a value for each of its frames where they are curves."""
        return [*self.steady, *(curve.over(n_samples, clip) for curve in self.curves)]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KNOB=PLACE",
        help="where the mean of a knob is to be: a position from 0 to 1, or a number with the knob's unit, such as "
        "sharpness=1.8acum",
    )
    parser.add_argument(
        "--nudge",
        action="append",
        default=[],
        metavar="KNOB=MOVE",
        help="how far a knob is to move: a difference of positions, one in the knob's unit, or a number of least "
        "audible differences, such as sharpness=+2jnd",
    )
    parser.add_argument(
        "--curve",
        type=Path,
        metavar="FILE.csv",
        help="knobs over time: a line per moment, the columns named in the first line: time_s, and sharpness for "
        "positions, sharpness_acum for places in the unit or sharpness_jnd for moves; in a line between the moments, "
        "held before and after them",
    )


def asked_knobs(given: argparse.Namespace) -> AskedKnobs:
    """What the options say; this needs no model.

    Raises:
        ValueError: one of them says nothing, or two contradict each other
    """
    places, moves = parsed_requests(given.set, "--set"), parsed_requests(given.nudge, "--nudge")
    curves = [] if given.curve is None else read_knob_curves(given.curve)
    for request in places:
        for curve in curves:
            if curve.request.knob == request.knob:
                raise ValueError(f"{request.written} and {curve.request.written} ask the same knob: leave one out.")
    return AskedKnobs([*places, *moves], curves)
