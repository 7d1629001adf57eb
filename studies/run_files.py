"""How the files of a run's folder are written, and read again by any later version."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from output.whole_files import write_text

FORMAT = 2
"""The number in every JSON file of a run. Raise it when an older version would misread what is written.

2: figures are of several renderings, which a reader of format 1 would take for several runs.

A file without one counts as 0. Whoever changes what a file says keeps the readers of earlier formats: runs of years
are compared with each other.
"""


class NewerFormat(ValueError):
    """A file is of a format that this version does not know."""


@contextmanager
def reading(what: Path | str, folder: Path) -> Iterator[None]:
    """Say in one sentence what of a test's files cannot be read, and the mend.

    Raises:
        ValueError: it cannot
    """
    try:
        yield
    except NewerFormat:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{what} cannot be read ({error}): run `timbre test {folder}` again.") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file whole or not at all, with the number of its format; null for what is not finite."""
    text = json.dumps(_plain({"format": FORMAT, **content}), indent=1, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """What a file holds, of this format or one before.

    Raises:
        FileNotFoundError: there is none
        ValueError: it is not JSON, or (NewerFormat) a later version wrote it
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    found = content.get("format", 0) if isinstance(content, dict) else 0
    if not isinstance(found, int) or found > FORMAT:
        raise NewerFormat(
            f"{path} is of format {found} and this version of timbre reads up to {FORMAT}: use a newer version."
        )
    return content


def _plain(value: Any) -> Any:
    """Arrays as lists, and null for a number that JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(inner) for inner in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
