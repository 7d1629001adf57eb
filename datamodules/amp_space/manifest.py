"""Pairs of sounds before and after a device, and the neutral manifest that lists them, one JSON object a line."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PureWindowsPath
from typing import Any

from datamodules.splits import SPLITS
from output.replaced import replaced

MANIFEST = "ampspace.jsonl"
KNOB_UNIT = "normalized_0_1"
REQUIRED = ("id", "source", "target", "device")
WORDS = ("brand", "device_type", "data_type", "di_id", "split")
LONGEST = 2**40
"""Samples: most of a year."""
WHOLE_NUMBERS = {
    "source_start": (0, LONGEST),
    "target_start": (0, LONGEST),
    "num_frames": (1, LONGEST),
    "sample_rate": (16000, 48000),
    "channel": (0, 1023),
    "lag_samples": (-LONGEST, LONGEST),
}


@dataclass(frozen=True)
class DevicePair:
    """What went into a device and what came out: a row of the manifest. Frames and lags are samples at `sample_rate`.

    Args:
        id: unique
        source: file of what went in, relative to the root
        target: file of what came out, relative to the root
        device: the device
        brand: its maker
        device_type: such as amplifier or pedal
        data_type: such as real or simulated
        di_id: which playing went in, the same word for every device
        params: knobs that were turned for this pair, 0 to 1; a knob that is not named is not known to be 0
        defaults: where the other knobs of the device were
        split: train, valid or test; empty is to let it be chosen
        source_start: first frame of the pair in the source
        target_start: first frame of the pair in the target
        num_frames: its length; None is to the end of the shorter file
        sample_rate: of both files
        channel: which channel to hear of both
        lag_samples: how much later the target sounds, beyond its start; None is to find out
        problem: why the pair cannot be used; empty if it can
    """

    id: str
    source: str
    target: str
    device: str
    brand: str = "unknown"
    device_type: str = "unknown"
    data_type: str = "unknown"
    di_id: str = ""
    params: Mapping[str, float] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)
    split: str = ""
    source_start: int = 0
    target_start: int = 0
    num_frames: int | None = None
    sample_rate: int = 44100
    channel: int = 0
    lag_samples: int | None = None
    problem: str = ""

    @property
    def knobs(self) -> dict[str, float]:
        """Every knob whose position is known."""
        return {**self.defaults, **self.params}

    @property
    def full_device(self) -> str:
        """Maker and device."""
        return f"{self.brand}/{self.device}"


def broken(name: str, problem: str) -> DevicePair:
    """An entry that is not a pair, and why."""
    return DevicePair(name, "", "", "", problem=problem)


def numbered(settings: Mapping[str, Any], where: str) -> tuple[dict[str, float], str]:
    """Knobs as numbers, and what is wrong with those that are none, "" if nothing is.

    Names without a letter or digit are no knobs: plug-ins list rules between groups among their parameters.
    """
    knobs, wrong = {}, []
    for name, value in settings.items():
        if not any(letter.isalnum() for letter in str(name)):
            continue
        try:
            knobs[str(name)] = float(value)
        except (TypeError, ValueError, OverflowError):
            wrong.append(f"{name} is {value!r}")
            continue
        if not 0 <= knobs[str(name)] <= 1:
            wrong.append(f"{name} is {value}")
    problem = f"{where}: {' and '.join(wrong)}, not a number from 0 to 1: scale its dials to 0..1 or remove it."
    return knobs, problem if wrong else ""


def leads_outside(path: str) -> bool:
    """Whether a path below a folder would be elsewhere, here or on another system; where links lead does not count."""
    as_windows = PureWindowsPath(path)
    depth = 0
    for part in as_windows.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return bool(as_windows.anchor) or os.path.isabs(path)


def without_twins(pairs: Iterable[DevicePair]) -> list[DevicePair]:
    """The same pairs; those whose id was there before get a name of their own and a problem."""
    n_seen: dict[str, int] = {}
    apart = []
    for pair in pairs:
        n_seen[pair.id] = n_seen.get(pair.id, 0) + 1
        if n_seen[pair.id] > 1:
            problem = (
                pair.problem or f"{pair.id} is listed {n_seen[pair.id]} times or more: remove all entries but one."
            )
            pair = replace(pair, id=f"{pair.id} ({n_seen[pair.id]})", problem=problem)
        apart.append(pair)
    return apart


def read_manifest(path: Path) -> list[DevicePair]:
    """The pairs of a manifest in its order; a line that is wrong is a pair with a problem.

    Raises:
        FileNotFoundError: if there is no such file
    """
    with open(path, encoding="utf-8", errors="replace") as lines:
        return list(_pairs(lines, path))


def write_manifest(path: Path, pairs: Iterable[DevicePair]) -> None:
    """A line per pair, whatever its problem; the file appears whole or not at all."""
    with replaced(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        for pair in pairs:
            row = {name: value for name, value in asdict(pair).items() if name != "problem"}
            file.write(json.dumps({**row, "param_unit": KNOB_UNIT}, ensure_ascii=False) + "\n")


def _pairs(lines: Iterable[str], path: Path) -> Iterator[DevicePair]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield broken(f"{path.name} line {number}", f"{where} is not JSON ({error}): mend or remove it.")
            continue
        if not isinstance(row, dict):
            yield broken(f"{path.name} line {number}", f"{where} is not a JSON object: mend or remove it.")
            continue
        yield _pair(row, where, f"{path.name} line {number}")


def _pair(row: dict[str, Any], where: str, name: str) -> DevicePair:
    if missing := [key for key in REQUIRED if not row.get(key) or not isinstance(row[key], str)]:
        return broken(name, f"{where} gives no {' or '.join(missing)}: mend or remove it.")
    if problem := _no_name(row, where):
        return broken(name, problem)
    if problem := _wrong_field(row, where):
        return broken(row["id"], problem)
    params, wrong_params = numbered(row.get("params") or {}, where)
    defaults, wrong_defaults = numbered(row.get("defaults") or {}, where)
    given = {key: row[key] for key in (*WORDS, *WHOLE_NUMBERS) if row.get(key) is not None}
    given["di_id"] = given.get("di_id") or Path(row["source"]).stem
    required = {key: row[key] for key in REQUIRED}
    return DevicePair(**required, **given, params=params, defaults=defaults, problem=wrong_params or wrong_defaults)


def _no_name(row: dict[str, Any], where: str) -> str:
    """Which of the names could not be one of a file below the root or a run."""
    for key in ("id", "source", "target"):
        if leads_outside(row[key]):
            return f"{where}: {key} is {row[key]!r}, which leads out of the folder: name what is below {MANIFEST}."
        if "\0" in row[key] or not _can_be_written(row[key]):
            return f"{where}: {key} is {row[key]!r}, which no file can be called: mend it."
    return ""


def _can_be_written(name: str) -> bool:
    with suppress(UnicodeEncodeError):
        return bool(os.fsencode(name))
    return False


def _wrong_field(row: dict[str, Any], where: str) -> str:
    """What is wrong with the first field that is of another kind than it should be."""
    for key in WORDS:
        if not isinstance(row.get(key) or "", str):
            return f"{where}: {key} is {row[key]!r}: give a word in quotes."
    if row.get("split") and row["split"] not in SPLITS:
        return f"{where}: split is {row['split']!r}: choose train, valid or test, or leave it empty."
    for key, (lowest, highest) in WHOLE_NUMBERS.items():
        value = row.get(key)
        if value is not None and (type(value) is not int or not lowest <= value <= highest):
            return f"{where}: {key} is {value!r}: give a whole number from {lowest:g} to {highest:g}, or null."
    for key in ("params", "defaults"):
        if not isinstance(row.get(key) or {}, dict):
            return f'{where}: {key} is {row[key]!r}: give knobs as {{"Gain": 0.3}}.'
    if row.get("param_unit", KNOB_UNIT) != KNOB_UNIT:
        return f"{where}: param_unit is {row['param_unit']!r}: scale the knobs to 0..1 and call it {KNOB_UNIT}."
    return ""
