"""What is remembered of fits: small files, named by what a fit hangs on; those of earlier code are cleared."""

import hashlib
import math
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from studies.run_files import read_json, write_json

ROOT = Path(__file__).parents[2]
DECIDING = (
    *("synths", "evaluation/resynthesis", "evaluation/renderings.py", "sounds"),
    *("lightning_modules/losses/multi_resolution.py", "studies/bounds.py"),
)
"""Sources that decide what a fit is and how it is judged: folders, with all below them, and files."""
LIBRARIES = ("interpretsynth", "torch", "numpy", "scipy", "visqol")
KEPT_DAYS = 7.0
"""Files of other code stay so long after they were written: another checkout may be at work on the same runs."""

Remembered = dict[str, dict[str, float]]
"""Rendering -> figure -> value."""


@cache
def code() -> str:
    """Eight letters for the sources that decide, and the versions of what they use; a commit elsewhere changes none."""
    digest = hashlib.sha256(repr([(name, _version(name)) for name in LIBRARIES]).encode())
    for path in sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def sources() -> list[Path]:
    """The files that decide, always in the same order."""
    places = [ROOT / place for place in DECIDING]
    return sorted(path for place in places for path in ([place] if place.is_file() else place.rglob("*.py")))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


class FitMemory:
    """Files `CODE-KEY.json` in a folder; at the first look those of other code that are a week old are removed.

    Args:
        folder: made when something is kept
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._clear()

    def kept(self, key: bytes, renderings: Collection[str], names: Sequence[str]) -> Remembered | None:
        """What is remembered under a key; None where there is no file, or a damaged one: then the fit is made again."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = read_json(self._path(key))
            return {which: {name: _number(said[which][name]) for name in names} for which in renderings}
        return None

    def keep(self, key: bytes, values: Mapping[str, Mapping[str, float]]) -> None:
        """Write it whole or not at all."""
        write_json(self._path(key), values)

    def _path(self, key: bytes) -> Path:
        return self.folder / f"{code()}-{hashlib.sha256(key).hexdigest()[:24]}.json"

    def _clear(self) -> None:
        oldest_s = time.time() - KEPT_DAYS * 86400.0
        for path in self.folder.glob("*.json*"):
            with suppress(OSError):  # another process may be quicker, or the folder may not be ours
                if not path.name.startswith(f"{code()}-") and path.stat().st_mtime < oldest_s:
                    path.unlink()


def _number(said: float | None) -> float:
    return math.nan if said is None else float(said)
