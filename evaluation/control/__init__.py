"""How well a model does what its knobs ask: metrics of control, functions of arrays."""

from evaluation.control.crosstalk import drift_table
from evaluation.control.figures import (
    ControlRow,
    control_figures,
    control_rows,
    rows_csv,
)
from evaluation.control.frave import FraveProtocol, run_protocol
from evaluation.control.measures import measures_of
from evaluation.control.sweeps import Column, KnobSweeps, TurnedNote
from evaluation.control.table import figures_table

__all__ = [
    "Column",
    "ControlRow",
    "FraveProtocol",
    "KnobSweeps",
    "TurnedNote",
    "control_figures",
    "control_rows",
    "drift_table",
    "figures_table",
    "measures_of",
    "rows_csv",
    "run_protocol",
]
