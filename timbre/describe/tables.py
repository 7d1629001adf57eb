"""Descriptions to read: tables for people, JSON for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table
from torch import Tensor

from output.numbers import readable
from synths import ClipFormat, Descriptor
from synths.descriptors.describe import Description

DIGITS = 7
"""As many as single precision has."""


def one_sound_table(description: Description, kinds: Sequence[type[Descriptor]]) -> Table:
    """A row per descriptor, in groups: moving with the sound, of the whole note, no knobs."""
    table = Table("descriptor", box=SIMPLE)
    table.add_column("value", justify="right")
    for heading in ("unit", "JND", "what it measures"):
        table.add_column(heading)
    group = ""
    for kind in kinds:
        if group != (group := group_of(kind)):
            table.add_section()
            table.add_row(group, style="bold")
        jnd = "" if kind.jnd is None else readable(kind.jnd)
        table.add_row(kind.name, printed(description, kind), kind.unit, jnd, kind.summary)
    return table


def many_sounds_table(descriptions: Mapping[str, Description], kinds: Sequence[type[Descriptor]]) -> Table:
    """A row per sound, a column per descriptor."""
    table = Table(box=SIMPLE)
    table.add_column("file", overflow="fold")
    for kind in kinds:
        table.add_column("\n".join([*kind.name.split("_"), f"({kind.unit})"]), justify="right", vertical="bottom")
    for name, description in descriptions.items():
        table.add_row(name, *(printed(description, kind) for kind in kinds))
    return table


def group_of(kind: type[Descriptor]) -> str:
    """Heading under which a descriptor is listed."""
    if kind.not_for_training:
        return "read-outs, no knobs"
    return "of the whole note" if kind.rate == "note" else "moving with the sound"


def printed(description: Description, kind: type[Descriptor]) -> str:
    """A descriptor's number with three significant digits, or a dash where there is none."""
    value = description.numbers[kind.name]
    if value is None:
        return "–"
    if kind.unit == "1" and 0.0 < abs(value) < 1e-3:
        return f"{value:.1e}"
    return readable(value if abs(value) >= 5e-5 else 0.0)


def as_json(description: Description, f0_hz: Tensor | None, clip: ClipFormat) -> dict[str, Any]:
    """Numbers under the descriptors' names, courses and the pitch under "frames", with their time in seconds."""
    time_s = [frame * clip.hop / clip.sample_rate for frame in range(len(description.sounding))]
    pitch = {} if f0_hz is None else {"f0_hz": f0_hz}
    courses = {name: course.tolist() for name, course in {**pitch, **description.frames}.items()}
    frames = {"time_s": time_s, **courses}
    rounded = {name: [_rounded(value) for value in values] for name, values in frames.items()}
    return {**{name: _rounded(value) for name, value in description.numbers.items()}, "frames": rounded}


def json_text(entries: Mapping[str, Any]) -> str:
    """One object with an entry per file, each on a line of its own."""
    lines = (f"{json.dumps(name)}: {json.dumps(entry, allow_nan=False)}" for name, entry in entries.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.{DIGITS}g}")
