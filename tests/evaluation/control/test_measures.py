"""Where it is not known which requests can be met, the figures say so."""

import math

import numpy as np

from evaluation.control import Column, TurnedNote, control_figures, control_rows, measures_of
from evaluation.control.measures import MEASURES
from tests.evaluation.control.swept import swept


def test_reach_not_known():
    """No count of unreachable requests, and every measure that would leave some out says that it does not."""
    columns, positions = (
        [Column("level", "dB", 0.0, 1.0, 1.0), Column("f0", "cents", 0.0, 1200.0, 10.0)],
        np.linspace(0, 1, 11).round(1),
    )
    measured = np.stack([positions, 0 * positions], axis=-1)[None, None]
    why = "which can be met is not known, because Clicks of the synth cannot say what it plays."
    sweeps = swept(
        [TurnedNote("a", "all", "low")], columns, 1, positions, positions[None, None], np.zeros((1, 2)), measured,
        np.ones((1, 1, 11), bool), reach_unknown=why,
    )  # fmt: skip
    figures = {
        f.name: f for f in control_figures(control_rows(sweeps), columns, measures_of(why)) if f.knob and not f.family
    }
    assert math.isnan(figures["unreachable"].value) and figures["requests"].value == 11
    assert figures["error"].value == 0.0 and "Clicks" in figures["error"].definition
    assert "Clicks" not in figures["ordering"].definition + figures["error_all"].definition
    assert measures_of("") == MEASURES
