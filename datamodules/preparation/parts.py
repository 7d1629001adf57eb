"""Clips that wait until their shard is whole, a file per unit of 64: what an interruption leaves of a preparation."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from datamodules.preparation.examine import ExaminedClip
from datamodules.source import Source
from output.replaced import replaced
from synths.clip import ClipFormat

UNIT = 64
"""Clips that a process prepares at a time."""

KINDS = ("audio", "pitch", "untouched")
"""Arrays of a shard; untouched sounds where the data set has pairs."""


class Stamped(NamedTuple):
    """A source, and its stamp before it was read: what changes meanwhile is prepared again the next time."""

    source: Source
    stamp: str


class Unit(NamedTuple):
    """Up to 64 sources that go into one shard together."""

    shard: int
    number: int
    sources: list[Stamped]


class WaitingUnits:
    """The units of shards that are not whole.

    Args:
        folder: that holds them
        clip: the format of the run
    """

    def __init__(self, folder: Path, clip: ClipFormat) -> None:
        self.folder = folder
        self.clip = clip

    def path(self, shard: int, number: int) -> Path:
        """Where a unit waits."""
        return self.folder / f"{shard:05d}-{number:04d}.npz"

    def write(self, unit: Unit, examined: Sequence[ExaminedClip | str]) -> None:
        """Keep what was found of each source of a unit, whole or not at all."""
        usable = [found for found in examined if not isinstance(found, str)]
        lines = [_line(stamped, found) for stamped, found in zip(unit.sources, examined, strict=True)]
        content = {
            "audio": self.stacked("audio", [found.audio.samples for found in usable]),
            "pitch": self.stacked("pitch", [found.pitch for found in usable]),
            "untouched": self.stacked("untouched", [found.untouched.samples for found in usable if found.untouched]),
            "lines": np.frombuffer(json.dumps(lines).encode(), dtype=np.uint8),
        }
        self.folder.mkdir(exist_ok=True)
        with replaced(self.path(unit.shard, unit.number)) as temporary, open(temporary, "wb") as file:
            np.savez(file, **content)  # type: ignore[arg-type]

    def holds(self, unit: Unit) -> bool:
        """Whether all that a unit asks for is there, as it is now."""
        try:
            stamps = {line["name"]: line["stamp"] for line in self.lines(self.path(unit.shard, unit.number))}
        except (FileNotFoundError, ValueError):
            return False
        return all(stamps.get(source.name) == stamp for source, stamp in unit.sources)

    def lines(self, path: Path) -> list[dict[str, Any]]:
        """A line per source; raises what `rows` raises."""
        lines: list[dict[str, Any]] = json.loads(self.rows(path, "lines").tobytes())
        return lines

    def rows(self, path: Path, kind: str) -> np.ndarray:
        """One array of a unit.

        Raises:
            FileNotFoundError: if the unit is not there
            ValueError: if it is damaged
        """
        try:
            with np.load(path) as part:
                rows: np.ndarray = part[kind]
                return rows
        except FileNotFoundError:
            raise
        except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
            raise ValueError(f"{path} is damaged: delete it and run timbre prepare again.") from error

    def shards(self) -> set[int]:
        """Numbers of those that something waits for."""
        numbers = (path.name.partition("-")[0] for path in self.folder.glob("*-*.npz"))
        return {int(number) for number in numbers if number.isdecimal()}

    def remove(self, shard: int) -> None:
        """Remove what waits for a shard."""
        for path in self.folder.glob(f"{shard:05d}-*.npz"):
            path.unlink(missing_ok=True)

    def stacked(self, kind: str, rows: list[np.ndarray]) -> np.ndarray:
        """Rows of n clips -> (n, N) int16, or (n, 2, F) float32 for pitch, of none too."""
        dtype, shape = (np.float32, (2, self.clip.n_frames)) if kind == "pitch" else (np.int16, (self.clip.n_samples,))
        return np.array(rows, dtype=dtype).reshape(len(rows), *shape)


def _line(stamped: Stamped, found: ExaminedClip | str) -> dict[str, Any]:
    source, stamp = stamped
    if isinstance(found, str):
        return {"name": source.name, "problem": found, "stamp": stamp}
    line = {
        "name": source.name,
        "stamp": stamp,
        "scale": found.audio.scale,
        "heard": list(found.heard),
        "labels": {label: value if np.isfinite(value) else None for label, value in source.labels.items()},
    }
    return line if found.untouched is None else {**line, "untouched_scale": found.untouched.scale}
