"""What a study optimises: overall figures of tested runs."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from studies.figure import OPEN, Figure
from studies.tested_run import read_run

REFERENCE = {"frave_score": 0.5, "multi_resolution_stft": 1.0}
"""No correlation of asked and measured; a distance that no model of use has. Hypervolume is counted from there."""


class Objective(NamedTuple):
    """A figure and which way is better."""

    direction: str
    figure: str

    @property
    def text(self) -> str:
        """As on the command line."""
        return f"{self.direction}:{self.figure}"

    @property
    def sign(self) -> int:
        """1 if lower is better."""
        return 1 if self.direction == "minimize" else -1


DEFAULT = (Objective("maximize", "frave_score"), Objective("minimize", "multi_resolution_stft"))


def parse_objective(text: str) -> Objective:
    """`maximize:frave_score` -> an objective.

    Raises:
        ValueError: it is not of that form
    """
    direction, _, figure = text.partition(":")
    if direction not in ("maximize", "minimize") or not figure:
        raise ValueError(f"--objectives {text}: write maximize:FIGURE or minimize:FIGURE.")
    return Objective(direction, figure)


def read_values(folder: Path, objectives: Sequence[Objective]) -> list[float]:
    """Figures of a tested run, NaN where undefined.

    Raises:
        ValueError: the run has no such figure
    """
    run = read_run(folder)
    figures = {figure.name: figure.value for figure in [*run.quality, *(run.control or [])] if _is_overall(figure)}
    for objective in objectives:
        if objective.figure not in figures:
            raise ValueError(f"{folder} has no figure {objective.figure}: choose among {', '.join(figures)}.")
    return [figures[objective.figure] for objective in objectives]


def _is_overall(figure: Figure) -> bool:
    return figure.subject == (figure.name, None, None, None, OPEN)


def hypervolume(
    points: Sequence[Sequence[float]], objectives: Sequence[Objective], reference: Sequence[float]
) -> float:
    """Area that n points (n, 2) dominate, as far as the reference; points beyond it count nothing."""
    (across, up), (limit, ceiling) = objectives, (o.sign * end for o, end in zip(objectives, reference, strict=True))
    area = 0.0
    for x, y in sorted((across.sign * x, up.sign * y) for x, y in points):
        if x < limit and y < ceiling and math.isfinite(x + y):
            area += (limit - x) * (ceiling - y)
            ceiling = y
    return area
