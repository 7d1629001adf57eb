"""How well a model does what its knobs ask: metrics of control, functions of arrays."""

from evaluation.control.crosstalk import Crosstalk, measure_crosstalk
from evaluation.control.figures import (
    ControlRow,
    control_figures,
    control_rows,
    figures_table,
    rows_csv,
)
from evaluation.control.frave import FraveProtocol, run_protocol
from evaluation.control.measures import measures_of
from evaluation.control.sweeps import Column, KnobSweeps, TurnedNote

__all__ = [
    "Column",
    "ControlRow",
    "Crosstalk",
    "FraveProtocol",
    "KnobSweeps",
    "TurnedNote",
    "control_figures",
    "control_rows",
    "figures_table",
    "measure_crosstalk",
    "measures_of",
    "rows_csv",
    "run_protocol",
]
