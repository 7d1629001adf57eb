"""Whether more training would pay: what the course of its validations says."""

import numpy as np

from output.numbers import readable
from studies.run_curves import MONITORED, Curves

NO_BETTER = 4
"""Validations without a better one that speak for the end. In 11 trainings of real notes (docs/learn.md) one became
better again after 3 without, by 0.05 %, and none after more."""
WORTH = 0.01
"""A part of the error that its last quarter has to take away, for more steps to be worth their time."""
FEWEST = 4


def validations_since_best(curves: Curves) -> int:
    """How many validations followed on the best one; 0 where none was a number."""
    return 0 if curves.best is None else len(curves.steps) - 1 - curves.best


def prospects(curves: Curves | None) -> str:
    """Where the best checkpoint is and whether more steps are likely to pay, in a sentence or two; "" without any.

    With fewer than four validations the second is not said.
    """
    if curves is None or curves.best is None:
        return ""
    values = curves.figures[MONITORED]
    best_step, last_step = int(curves.steps[curves.best]), int(curves.steps[-1])
    best = f"Best at step {best_step} of {last_step}: error {readable(float(values[curves.best]))}"
    n_since = validations_since_best(curves)
    if n_since >= NO_BETTER:
        return f"{best}, no better for {n_since} validations: more steps would not pay."
    if len(values) < FEWEST:
        return f"{best}."
    gain = gain_of_last_quarter(curves)
    fallen = f"{best}, {100 * gain:.1f} % of it gone in the last quarter"
    return f"{fallen}: more steps would likely pay." if gain >= WORTH else f"{fallen}: more steps would bring little."


def gain_of_last_quarter(curves: Curves) -> float:
    """By what part the lowest error fell in the last quarter of the steps; 0 where no validation lies before it."""
    values = curves.figures[MONITORED]
    before = values[curves.steps <= 0.75 * curves.steps[-1]]
    if not np.isfinite(before).any():
        return 0.0
    return float(1.0 - np.nanmin(values) / np.nanmin(before))
