"""What a metric is given, a note and its resynthesis, and what a metric is."""

from typing import ClassVar, NamedTuple, Protocol

from torch import Tensor

from studies.figure import Better
from synths.clip import ClipFormat

CONFIDENT = 0.5
"""A pitch counts where the tracker is at least this sure of it."""


class Pair(NamedTuple):
    """A batch of target notes and their resyntheses, each with its pitch track.

    Shapes: target and output (B, N) in -1..1; target_f0_hz and output_f0_hz (B, F), positive;
    target_confidence and output_confidence (B, F) in 0..1, how sure the pitch tracker is.
    """

    target: Tensor
    output: Tensor
    target_f0_hz: Tensor
    output_f0_hz: Tensor
    target_confidence: Tensor
    output_confidence: Tensor


class Metric(Protocol):
    """One number per note, with the words a reader needs to understand it; built from the clip format.

    Attributes:
        name: as it stands in logs and tables
        unit: of the number
        better: whether a "lower" or a "higher" number is the better one
        definition: one sentence, shown to the user
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    better: ClassVar[Better]
    definition: ClassVar[str]

    def __init__(self, clip: ClipFormat) -> None: ...

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) values in the metric's unit, NaN where it is undefined."""
        ...
