"""One process at a time trains a run: it leaves a lock in the folder, and a second process is refused."""

import errno
import os
import socket
from pathlib import Path
from typing import TextIO

from output.processes import is_alive


class RunLock:
    """A lock of the system on a file that names its holder: it ends with its process, however that ends.

    Not `flock`: workers that are forked would hold it on. Where the disk has no such locks, the file alone decides. A
    job of SLURM that is queued again has the number of the one before, which has ended: it goes in.

    Args:
        folder: of the run
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._file: TextIO | None = None

    def take(self) -> None:
        """Hold the run until `release`.

        Raises:
            ValueError: another process holds it
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = open(self.path, "a+", encoding="utf-8")
        file.seek(0)
        holder = [*file.read().split(), "", "", ""][:3]
        if _is_taken(file, holder):
            file.close()
            host, number, job = holder
            in_job = f", job {job}" if job not in ("", "-") else ""
            raise ValueError(
                f"{self.path.parent} is being trained by process {number or '?'} on {host or '?'}{in_job}: wait for "
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


def _is_taken(file: TextIO, holder: list[str]) -> bool:
    host, number, job = holder
    try:
        _lock(file)
    except OSError as error:
        elsewhere = host != socket.gethostname()
        if elsewhere and job == _job():
            return False
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return True
        return bool(host) and (elsewhere or _is_another(number))
    return False


def _lock(file: TextIO) -> None:
    """Raise OSError where another process has the file, or where there are no such locks, as on Windows."""
    try:
        import fcntl
    except ImportError:
        raise OSError(errno.ENOLCK, "no locks") from None
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_another(number: str) -> bool:
    return number.isdecimal() and int(number) != os.getpid() and is_alive(int(number))


def _job() -> str | None:
    return os.environ.get("SLURM_JOB_ID")
