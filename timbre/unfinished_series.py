"""A series of turned sounds that was interrupted: what was made is kept, and the same command makes the rest."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from output.replaced import remove_leftovers
from output.whole_files import write_text

NAME = "unfinished.jsonl"
Rows = list[dict[str, Any]]


class UnfinishedSeries:
    """What is known of a series until all of it is made: a file in its folder, with a line per recording.

    Args:
        folder: of the series
        command: what makes it: its first line

    Raises:
        ValueError: the folder holds something else already, or a series of another command
    """

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self.folder, self.path, self.made = folder, folder / NAME, dict[str, Rows]()
        self.first_line = json.dumps(list(command))
        refuse_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        if self.path.is_file():
            self._read()
        else:
            write_text(self.path, self.first_line + "\n")

    def rows_of(self, source: Path) -> Rows | None:
        """The rows of a recording that is done and was not changed since; else None."""
        return self.made.get(_stamp(source))

    def keep(self, source: Path, rows: Rows) -> None:
        """Note that a recording is done."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([_stamp(source), rows]) + "\n")

    def end(self) -> None:
        """All is made: the file is removed."""
        self.path.unlink()

    def _read(self) -> None:
        first, *lines = self.path.read_text(encoding="utf-8").split("\n")
        if first != self.first_line:
            raise ValueError(
                f"{self.folder} holds an unfinished series of another command: give that one again, or name a new "
                "folder."
            )
        whole = lines[:-1]  # what is behind the last end of a line was cut off
        self.made = dict(json.loads(line) for line in whole)
        write_text(self.path, "\n".join([first, *whole, ""]))


def refuse_folder(folder: Path) -> None:
    """Raise ValueError where no series can begin or go on: it is a file, or holds what no series left unfinished."""
    if not folder.exists() or (folder.is_dir() and (folder / NAME).is_file()):
        return
    if not folder.is_dir() or any(not path.name.startswith(".") for path in folder.iterdir()):
        raise ValueError(f"{folder} is there already and not an empty folder: name a new one.")


def _stamp(source: Path) -> str:
    """A recording, and what tells whether it was changed."""
    status = source.stat()
    return f"{source} {status.st_size} {status.st_mtime_ns}"
