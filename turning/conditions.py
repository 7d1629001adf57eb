"""The conditions of a listening experiment: which knobs are moved, and how far."""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

MOST = 200
"""Conditions for one sound; a longer list is likely to be a slip."""
_STEPS = re.compile(r"([+-]?[\d.]+):([+-]?[\d.]+):([\d.]+)\s*(\S*)")
EXAMPLE = "kind: factorial (or one_at_a_time), moves: {sharpness: [-2jnd, 0jnd, 2jnd], level: [0dB, 3dB]}"


class Condition(NamedTuple):
    """One setting of all factors: `moves` are what --nudge takes, such as sharpness=+2jnd; none is the sound itself."""

    moves: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it stands in names of files."""
        return "_".join(move.replace("=", "") for move in self.moves) or "as-recorded"


def steps(knob: str, text: str) -> list[Condition]:
    """FIRST:LAST:STEP with a unit, such as -4:4:1jnd -> one condition each.

    Raises:
        ValueError: it is no such range
    """
    match = _STEPS.fullmatch(text.strip())
    try:
        first, last, step = (float(part) for part in match.groups()[:3]) if match else (0.0, 0.0, 0.0)
    except ValueError:
        step = 0.0
    if match is None or step <= 0.0 or last < first:
        raise ValueError(f"--steps {text}: write FIRST:LAST:STEP with a unit, such as -4:4:1jnd.")
    count = int((last - first) / step + 1.001)
    if count > MOST:
        raise ValueError(f"--steps {text} asks for {count} sounds each: {MOST} at most.")
    values = [first + step * number for number in range(count)]
    return [_condition({knob: f"{round(value, 9):+g}{match[4]}"}) for value in values]


def design(path: Path) -> list[Condition]:
    """Conditions of a YAML file: `kind`, factorial or one_at_a_time, and `moves`, a list for each knob.

    Raises:
        ValueError: it is no such file; the message names it, and the mend
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"--design {path} cannot be read as YAML: write {EXAMPLE}.") from error
    moves = content.get("moves") if isinstance(content, Mapping) else None
    if not isinstance(moves, Mapping) or not moves or content.get("kind") not in ("factorial", "one_at_a_time"):
        raise ValueError(f"--design {path} is no design: write {EXAMPLE}.")
    for knob, values in moves.items():
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise ValueError(f"--design {path}: {knob} has no list of moves: write {knob}: [-2jnd, 0jnd, 2jnd].")
    conditions = _factorial(moves) if content["kind"] == "factorial" else _one_at_a_time(moves)
    if len(conditions) > MOST:
        raise ValueError(f"--design {path} asks for {len(conditions)} sounds each: {MOST} at most.")
    return conditions


def _factorial(moves: Mapping[str, Sequence[object]]) -> list[Condition]:
    combined = itertools.product(*moves.values())
    return list(dict.fromkeys(_condition(dict(zip(moves, each, strict=True))) for each in combined))


def _one_at_a_time(moves: Mapping[str, Sequence[object]]) -> list[Condition]:
    return list(dict.fromkeys(_condition({knob: value}) for knob, values in moves.items() for value in values))


def _condition(moves: Mapping[str, object]) -> Condition:
    """Without the knobs that stay where they are."""
    written = {knob: _signed(str(value)) for knob, value in moves.items()}
    return Condition(tuple(f"{knob}={value}" for knob, value in written.items() if not _is_nothing(value)))


def _signed(value: str) -> str:
    return value if value[:1] in "+-" else f"+{value}"


def _is_nothing(value: str) -> bool:
    number = re.match(r"[+-]?[\d.]+", value)
    return number is not None and not float(number[0].strip(".") or 0)
