"""curves.csv: a line per validation of a run, with the figures of training and validation until then."""

import csv
import io
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from output.whole_files import write_text
from studies.run_folder import RunFolder

STEP: Final = "step"
SECONDS: Final = "training_s"
MONITORED: Final = "validation/reconstruction"
"""The figure whose lowest value makes the best checkpoint."""


class Curves(NamedTuple):
    """V validations of a run.

    Attributes:
        steps: (V,) after which step each was
        training_s: (V,) seconds that the run had trained and validated by then, without its pauses
        figures: name -> (V,) values, NaN where there is none
    """

    steps: np.ndarray
    training_s: np.ndarray
    figures: dict[str, np.ndarray]

    @property
    def best(self) -> int | None:
        """Place of the first validation with the lowest monitored figure; None where none was a number."""
        values = self.figures.get(MONITORED, np.empty(0))
        return int(np.nanargmin(values)) if np.isfinite(values).any() else None


def curve_rows(run: RunFolder, until_step: int) -> list[dict[str, str]]:
    """The lines of curves.csv up to a step, as they stand; none where there is no file.

    Raises:
        ValueError: what is there is no such file
    """
    if not run.curves.is_file():
        return []
    try:
        with run.curves.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, strict=True))
        for row in rows:
            if None in row or None in row.values():
                raise ValueError("a line is longer or shorter than the first")
            float(row[SECONDS])
        return [row for row in rows if int(row[STEP]) <= until_step]
    except (ValueError, KeyError, csv.Error) as error:
        raise ValueError(f"{run.curves} is no file of curves ({error}): restore or delete it.") from error


def write_curve_rows(run: RunFolder, rows: Sequence[Mapping[str, str]]) -> None:
    """Write curves.csv whole; a figure that a line lacks is left empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(run.curves, text.getvalue())


def curve_row(step: int, training_s: float, figures: Mapping[str, float]) -> dict[str, str]:
    """One line: nine digits, which is all that single precision has, and nothing for what is not finite."""
    values = {name: f"{value:.9g}" if math.isfinite(value) else "" for name, value in figures.items()}
    return {STEP: str(step), SECONDS: f"{training_s:.1f}", **values}


def curve_values(run: RunFolder, figure: str) -> list[float]:
    """What a figure was at each validation, NaN where it was none; nothing where there is no such file or figure."""
    try:
        rows = curve_rows(run, sys.maxsize)
        return [float(row[figure] or "nan") for row in rows]
    except (ValueError, KeyError):
        return []


def read_curves(run: RunFolder) -> Curves | None:
    """What curves.csv says; None where there is none, as in runs of before, or no line yet.

    Raises:
        ValueError: what is there is no such file
    """
    rows = curve_rows(run, sys.maxsize)
    if not rows:
        return None
    try:
        columns = {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}
    except ValueError as error:
        raise ValueError(f"{run.curves} is no file of curves ({error}): restore or delete it.") from error
    return Curves(columns.pop(STEP), columns.pop(SECONDS), columns)
