"""Files that appear whole or not at all, whoever else writes them, and that a machine that stops does not lose."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import soundfile

from output.replaced import remove_leftovers, replaced


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Write to the path this gives; it becomes `path` when all went well, and is removed when not.

    Any number of threads, processes and machines may write one file at the same time: the last of them is kept.

    Raises:
        OSError: it cannot be written; the message names `path`
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, path.name)
        with replaced(path) as partial:
            yield partial
            _keep_through_a_crash(partial)
        with suppress(OSError):  # not every file system, and not every system, lets a folder be kept so
            _keep_through_a_crash(path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    except soundfile.SoundFileError as error:
        raise OSError(None, "cannot be written; is there room?", str(path)) from error


def refuse_no_place(path: Path) -> None:
    """Refuse a path where no file can be written, before the work that it is for.

    Raises:
        ValueError: it is a folder
        FileNotFoundError: its folder is not there
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file to write.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist: make it, or write elsewhere.")


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8 whole or not at all, making the folder it goes to.

    Raises:
        OSError: it cannot be written; the message names `path`
    """
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _keep_through_a_crash(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk: a machine that loses power then has it."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # Windows keeps what it could write
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
