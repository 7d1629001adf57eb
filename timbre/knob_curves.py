"""Knobs over time: a CSV file with a column per knob."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from synths import ClipFormat
from synths.descriptors.request import JND, KnobRequest
from timbre.requests import in_unit
from timbre.timed_lines import NumberedLine, numbered_lines, parts_of, refuse_disorder

MEND = "write a first line such as time_s,sharpness, and below it a line per moment, such as 0.5,0.8"


class KnobCurve(NamedTuple):
    """What one knob is asked over time.

    Attributes:
        request: whose value is (T,), one for every moment
        time_s: T moments, ascending
        places: T places in the file, as `line 4: 0.8`, for messages
    """

    request: KnobRequest
    time_s: Sequence[float]
    places: Sequence[str]

    def each_moment(self) -> list[KnobRequest]:
        """A request for every line, for what is to be said of it."""
        import torch

        values = torch.as_tensor(self.request.value).tolist()
        return [
            self.request._replace(value=value, written=f"{self.request.written}, {place}")
            for value, place in zip(values, self.places, strict=True)
        ]

    def over(self, n_samples: int, clip: ClipFormat) -> KnobRequest:
        """The request for every frame of a sound: between the moments in a line, before and after them held."""
        import numpy as np
        import torch

        frame_s = np.arange(-(-n_samples // clip.hop)) * clip.hop / clip.sample_rate
        values = np.interp(frame_s, self.time_s, torch.as_tensor(self.request.value).numpy())
        return self.request._replace(value=torch.from_numpy(values))


def read_knob_curves(path: Path) -> list[KnobCurve]:
    """The curves of a file, one for each of its columns; this needs no model, and knows no ranges.

    Args:
        path: a text file; its first line names the columns: time_s, and for a position the name of a knob, for a place
            in the knob's unit name and unit (`sharpness_acum`), for a move in least audible differences `sharpness_jnd`

    Raises:
        ValueError: it is not such a file; the message names file, line and value, and the mend
    """
    lines = numbered_lines(
        path,
        not_text=f"--curve {path} is not text: {MEND}.",
        unreadable=f"--curve {path} cannot be read ({{}}): name a CSV file; {MEND}.",
    )
    if not lines:
        raise ValueError(f"--curve {path} is empty: {MEND}.")
    columns = _columns(lines[0], path)
    rows = [_row(line, len(columns) + 1, path) for line in lines[1:]]
    if not rows:
        raise ValueError(f"--curve {path} names columns and holds no moments: {MEND}.")
    time_s: list[float] = []
    for line, row in zip(lines[1:], rows, strict=True):
        refuse_disorder(row[0], time_s, f"{path}, line {line.number}")
        time_s.append(row[0])
    curves = []
    for index, column in enumerate(columns, 1):
        values = [row[index] for row in rows]
        places = [f"line {line.number}: {value:g}" for line, value in zip(lines[1:], values, strict=True)]
        curves.append(KnobCurve(_request(column, values), time_s, places))
    return curves


class _Column(NamedTuple):
    """A column's knob, the unit behind its name, and where it stands."""

    knob: str
    unit: str
    written: str


def _columns(header: NumberedLine, path: Path) -> list[_Column]:
    names = parts_of(header.text)
    where = f"{path}, line {header.number}"
    if names[0].lower() != "time_s" or len(names) < 2:
        raise ValueError(f"{where}: '{_short(header.text)}' does not name time_s and a knob: {MEND}.")
    columns = [_column(name, f"--curve {path}, column {name}") for name in names[1:]]
    for place, column in enumerate(columns):
        if column.knob in [each.knob for each in columns[:place]]:
            raise ValueError(f"{where}: two columns ask {column.knob}: leave one out.")
        _request(column, [0.0])
    return columns


def _column(name: str, written: str) -> _Column:
    """A name of a knob, with or without a unit; the longest knob that it begins with is meant."""
    from synths.descriptors.describe import descriptor_kinds

    known = sorted((kind.name for kind in descriptor_kinds()), key=len, reverse=True)
    for knob in known:
        if name == knob or name.startswith(f"{knob}_"):
            return _Column(knob, name[len(knob) + 1 :], written)
    if name.endswith(f"_{JND}"):
        return _Column(name.removesuffix(f"_{JND}"), JND, written)
    return _Column(name, "", written)


def _request(column: _Column, values: Sequence[float]) -> KnobRequest:
    """What a column asks, its unit checked."""
    import torch  # a file that is none is told before

    moves = column.unit.lower() == JND
    one = in_unit(KnobRequest(column.knob, 1.0, "", moves, column.written), column.unit)
    return one._replace(value=torch.tensor(values, dtype=torch.float64) * one.value)


def _row(line: NumberedLine, n_columns: int, path: Path) -> list[float]:
    where, cells = f"{path}, line {line.number}", parts_of(line.text)
    if len(cells) != n_columns:
        raise ValueError(
            f"{where}: {len(cells)} values where the first line names {n_columns} columns: write one for each."
        )
    row = []
    for cell in cells:
        try:
            row.append(float(cell))
        except ValueError:
            raise ValueError(f"{where}: '{_short(cell)}' is not a number: write one, such as 0.8.") from None
    if not all(math.isfinite(value) for value in row[1:]):
        wrong = next(cell for cell, value in zip(cells[1:], row[1:], strict=True) if not math.isfinite(value))
        raise ValueError(f"{where}: '{wrong}' is not a finite number: write one, or leave the line out.")
    return row


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
