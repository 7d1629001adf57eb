"""Text files with a line per moment: time in seconds first, then numbers."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class NumberedLine(NamedTuple):
    """A line that says something, and its number in the file, from 1."""

    number: int
    text: str


def numbered_lines(path: Path, not_text: str, unreadable: str) -> list[NumberedLine]:
    """The lines of a file that are neither empty nor begin with #.

    Args:
        path: of the file
        not_text: what to say of a file that is no text
        unreadable: what to say of one that cannot be read; {} stands for the reason

    Raises:
        ValueError: one of these
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(not_text) from None
    except OSError as error:
        raise ValueError(unreadable.format(error.strerror)) from error
    lines = [NumberedLine(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [line for line in lines if line.text and not line.text.startswith("#")]


def parts_of(line: str) -> list[str]:
    """What stands between commas or semicolons; without these, between blanks or tabs."""
    return [part.strip() for part in (re.split(r"[,;]", line) if re.search(r"[,;]", line) else line.split())]


def refuse_disorder(moment: float, before: Sequence[float], where: str) -> None:
    """Refuse a time that is none, or that does not come after those before it.

    Raises:
        ValueError: it is; `where` begins the sentence
    """
    if not math.isfinite(moment):
        raise ValueError(f"{where}: {moment} is not a time: give seconds from the beginning of the sound.")
    if before and moment <= before[-1]:
        raise ValueError(f"{where}: {moment:g} s does not come after {before[-1]:g} s: sort the lines by time.")
