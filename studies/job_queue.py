"""What Slurm says of this user's jobs, where there is a Slurm."""

import subprocess
from typing import NamedTuple

WAIT_S = 20
FIELDS = "%i|%T|%r|%j"


class Job(NamedTuple):
    """A job, or a task of an array, that has not ended.

    Attributes:
        number: as `scancel` takes it: 12, or 12_3 for a task
        state: in Slurm's words: PENDING, RUNNING …
        reason: why it waits
        name: what `sbatch -J` was given
    """

    number: str
    state: str
    reason: str
    name: str

    @property
    def task(self) -> int | None:
        """Its place in an array."""
        place = self.number.partition("_")[2]
        return int(place) if place.isdecimal() else None


def jobs() -> list[Job] | None:
    """Ask for this user's jobs; None where Slurm is not there, or does not answer within 20 s."""
    command = ["squeue", "--me", "--noheader", "--array", f"--format={FIELDS}"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [line.split("|", 3) for line in said.splitlines()]
    return [Job(*(field.strip() for field in row)) for row in rows if len(row) == len(Job._fields)]
