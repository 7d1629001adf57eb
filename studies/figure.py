"""One number of a report, with all that a reader needs to understand it; as JSON has it, and back."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from output.numbers import readable

Better = Literal["lower", "higher"]

OPEN: Final = "open"
"""Name of what the decoder plays by itself; other renderings meet the knobs."""

Subject = tuple[str, str | None, str | None, str | None, str]


class Figure(NamedTuple):
    """One number with its 95 % interval, NaN where undefined; of one knob, family, register, or (None) of all.

    It is over n notes (batches of notes for F-RAVE's) of as many as were tested; of several seeds, those of the seed
    with the least share. `rendering` is how the sounds were made.
    """

    name: str
    knob: str | None
    family: str | None
    register: str | None
    unit: str
    better: Better
    definition: str
    value: float
    low: float
    high: float
    n: int = 1
    of: int = 1
    n_seeds: int = 1
    rendering: str = OPEN

    @property
    def subject(self) -> Subject:
        """What is measured on what: the same for all models."""
        return self.name, self.knob, self.family, self.register, self.rendering

    @property
    def share(self) -> float:
        """Share of the notes that it is over, 0..1."""
        return self.n / self.of if self.of else 0.0

    @property
    def half_width(self) -> float:
        """Half the interval, NaN where there is none."""
        return (self.high - self.low) / 2

    @property
    def text(self) -> str:
        """Value and half the interval, in as many digits as the interval leaves a meaning; a dash if undefined."""
        if not self.half_width > 0.0 or not math.isfinite(self.value):
            return readable(self.value)
        decimals = min(4, max(0, 1 - math.floor(math.log10(self.half_width))))
        return f"{self.value:.{decimals}f} ±{self.half_width:.{decimals}f}"

    @property
    def in_short(self) -> str:
        """What it is in a few plain words: how its definition begins."""
        return re.split(r"(?<=\w{3})(?:[,.;:]? \(|[,.;:](?: |$))", self.definition, maxsplit=1)[0].rstrip(".")

    @property
    def as_json(self) -> dict[str, Any]:
        """Name and value of what one run's report says of it."""
        return {key: value for key, value in self._asdict().items() if key != "n_seeds"}


def figure_from_json(entry: Mapping[str, Any], n: int, of: int) -> Figure:
    """An entry of a report -> its figure, over n notes of as many as were tested.

    Reports of before renderings were told apart are of the open one.

    Raises:
        KeyError, TypeError, ValueError: the entry is none of a figure
    """
    knob, family, register = (entry.get(part) for part in ("knob", "family", "register"))
    value, low, high = (math.nan if entry[end] is None else float(entry[end]) for end in ("value", "low", "high"))
    unit, better, definition = (entry[fact] for fact in ("unit", "better", "definition"))
    words = (entry["name"], knob, family, register, unit, better, definition)
    return Figure(*words, value, low, high, n, of, rendering=str(entry.get("rendering", OPEN)))


class MetricSummary(NamedTuple):
    """One metric over notes: mean, median and the 95 % bootstrap interval of the mean, NaN where undefined.

    They are over the n_notes, of all notes tested, where the metric is defined; `rendering` is how these were made.
    """

    name: str
    unit: str
    better: Better
    definition: str
    mean: float
    median: float
    low: float
    high: float
    n_notes: int
    of: int
    rendering: str = OPEN
