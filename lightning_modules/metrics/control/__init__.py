"""How well a model does what its knobs ask: metrics of control, functions of arrays."""

from lightning_modules.metrics.control.crosstalk import Crosstalk, measure_crosstalk
from lightning_modules.metrics.control.figures import (
    ControlRow,
    control_figures,
    control_rows,
    figures_table,
    rows_csv,
)
from lightning_modules.metrics.control.frave import FraveProtocol, run_protocol
from lightning_modules.metrics.control.measures import measures_of
from lightning_modules.metrics.control.sweeps import Column, KnobSweeps, TurnedNote

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
