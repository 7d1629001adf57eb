"""Which files `timbre describe` takes for sounds."""

import textwrap
from pathlib import Path

from sounds.sound_file import SUFFIXES
from sounds.sound_file import sound_files as found_in


def sound_files(folder: Path) -> list[Path]:
    """All sound files of a folder and the folders in it, sorted; hidden ones are left out.

    Raises:
        ValueError: there is none
    """
    paths = found_in(str(folder))
    if not paths:
        raise ValueError(
            f"there is no sound in {folder}: none of its files ends in .wav or another of the {len(SUFFIXES)} endings "
            "that timbre describe --help lists."
        )
    return paths


def endings() -> str:
    """Which files of a folder are sounds, in lines of a terminal."""
    return textwrap.fill(f"In a folder, files are sounds whose names end in {', '.join(SUFFIXES)}", 79)
