"""When a point of a sweep is ended early: it lies behind the others after as many validations.

Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"), one bracket:
after n, n eta, n eta^2 ... validations a run goes on if it is among the best 1 / eta of those that have come so far.
Nobody waits for anybody, there is no server, and what the others have is read from their folders.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from studies.run_curves import curve_values
from studies.run_folder import RunFolder


class Halving(NamedTuple):
    """The rule of a sweep.

    Attributes:
        figure: of curves.csv
        goal: minimize or maximize
        first: validations before the first comparison
        eta: one of so many goes on
    """

    figure: str
    goal: str
    first: int
    eta: int

    @property
    def sentence(self) -> str:
        """What it does, in words."""
        share, figure = f"1 of {self.eta}", self.figure.rpartition("/")[2].replace("_", " ")
        return f"ends early: after {self.first}, {self.first * self.eta}, ... validations {share} goes on ({figure})"

    def compares_after(self, n_validations: int) -> bool:
        """Whether runs are compared after so many validations."""
        while n_validations > self.first and n_validations % self.eta == 0:
            n_validations //= self.eta
        return n_validations == self.first

    def is_behind(self, own: float, others: Sequence[float]) -> bool:
        """Whether a run is not among the best 1 / eta; too few runs tell nothing, and no number is behind."""
        if not math.isfinite(own):
            return True
        sign = 1.0 if self.goal == "minimize" else -1.0
        better = sum(sign * other < sign * own for other in others if math.isfinite(other))
        n_runs = len(others) + 1
        return n_runs >= self.eta and better >= n_runs // self.eta

    def others(self, folder: Path, n_validations: int) -> list[float]:
        """What the other points of the sweep had after as many validations, those that have come so far."""
        found = []
        for sibling in sorted(folder.parent.glob("*/curves.csv")):
            values = curve_values(RunFolder(sibling.parent), self.figure) if sibling.parent != folder else []
            found += values[n_validations - 1 : n_validations]
        return found
