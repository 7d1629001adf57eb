"""Files that appear whole or not at all, whoever else writes at the same time."""

import errno
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from output.processes import is_alive

OLD_S = 24 * 3600
"""Nothing takes so long to write."""

LONGEST_NAME = 120
"""Bytes of a name that its temporary file keeps: with what is added it must stay below 255."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path to write to that nobody else has; it becomes `path` when all went well, else it is removed.

    Raises:
        OSError: if it cannot be written
    """
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def update(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and nothing where it is there already; raises OSError."""
    if not path.is_file() or path.read_bytes() != content:
        with replaced(path) as temporary:
            temporary.write_bytes(content)


def create(path: Path, text: str) -> bool:
    """Write a file that must not exist yet; whether it was this process that did.

    Raises:
        OSError: if it cannot be written
    """
    temporary = _temporary(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        return _named(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove what processes that were killed were writing: those of this machine, and of any a day later.

    Args:
        folder: where they were writing
        name: only what was to become the file of this name; None is every file
    """
    for path in folder.glob(".*.*.tmp" if name is None else f"{escape(_kept(name))}.*.tmp"):
        with suppress(OSError):
            if _is_left_over(path):
                path.unlink(missing_ok=True)


def _named(temporary: Path, path: Path) -> bool:
    try:
        os.link(temporary, path)  # unlike a renaming it fails where the file exists
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        # External disks know no links. Of two processes that come here at once, the last then has its way.
        if path.exists():
            return False
        os.replace(temporary, path)
    return True


def _is_left_over(path: Path) -> bool:
    machine, writer = path.name.removesuffix(".tmp").rsplit(".", 1)
    process = writer.partition("-")[0]
    is_ours = machine.endswith(f".{socket.gethostname()}") and process.isdecimal()
    if is_ours and not is_alive(int(process)):
        return True
    # When it was last written to: a copy has the date of its original.
    return time.time() - path.stat().st_ctime > OLD_S


def _temporary(path: Path) -> Path:
    """Another one at each call: threads of a process may write the same file."""
    return path.with_name(f"{_kept(path.name)}.{socket.gethostname()}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def _kept(name: str) -> str:
    """How the temporary files of a file begin."""
    return "." + os.fsdecode(os.fsencode(name)[:LONGEST_NAME])
