"""One process at a time trains a run: it leaves a lock in the folder, and a second process is refused."""

import errno
import os
import socket
from pathlib import Path
from typing import NamedTuple, TextIO

from output.processes import is_alive

NAME = ".lock"


class Holder(NamedTuple):
    """Who trains a run: machine, process, and the job of SLURM if it is one."""

    host: str
    process: int
    job: str | None


class RunLock:
    """A lock of the system on a file that names its holder: it ends with its process, however that ends.

    Not `flock`: workers that are forked would hold it on. Where the disk has no such locks, the file alone decides. A
    job of SLURM that is queued again has the number of the one before, which has ended: it goes in.

    Args:
        folder: of the run
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: TextIO | None = None

    def take(self) -> None:
        """Hold the run until `release`.

        Raises:
            ValueError: another process holds it
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = open(self.path, "a+", encoding="utf-8")
        file.seek(0)
        holder = _holder(file.read())
        if _is_taken(file, holder):
            file.close()
            number, host, in_job = "?", "?", ""
            if holder is not None:
                number, host, in_job = str(holder.process), holder.host, f", job {holder.job}" if holder.job else ""
            raise ValueError(
                f"{self.path.parent} is being trained by process {number} on {host}{in_job}: wait for "
                f"its end; if it has ended, delete {self.path}."
            )
        file.truncate(0)
        file.write(f"{socket.gethostname()} {os.getpid()} {_job() or '-'}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let others in."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def read_holder(folder: Path) -> Holder | None:
    """Who says to hold a run, be it alive or not; None if nobody does."""
    try:
        return _holder((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _holder(text: str) -> Holder | None:
    words = text.split()
    if len(words) != 3 or not words[1].isdecimal():
        return None
    return Holder(words[0], int(words[1]), None if words[2] == "-" else words[2])


def _is_taken(file: TextIO, holder: Holder | None) -> bool:
    try:
        _lock(file)
    except OSError as error:
        elsewhere = holder is not None and holder.host != socket.gethostname()
        if elsewhere and holder is not None and holder.job and holder.job == _job():
            return False
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return True
        return holder is not None and (elsewhere or (holder.process != os.getpid() and is_alive(holder.process)))
    return False


def _lock(file: TextIO) -> None:
    """Raise OSError where another process has the file, or where there are no such locks, as on Windows."""
    try:
        import fcntl
    except ImportError:
        raise OSError(errno.ENOLCK, "no locks") from None
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _job() -> str | None:
    return os.environ.get("SLURM_JOB_ID")
