"""Where a run stands, read from its folder and from Slurm's queue; nothing of it is changed."""

import csv
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from output.processes import is_alive
from studies.job_queue import Job
from studies.run_files import read_json
from studies.run_folder import RunFolder
from studies.run_lock import Holder, read_holder

State = Literal["new", "queued", "requeued", "running", "stopped", "failed", "ended early", "trained", "tested"]
ORDER: tuple[State, ...] = (
    "failed",
    "stopped",
    "running",
    "requeued",
    "queued",
    "new",
    "ended early",
    "trained",
    "tested",
)
"""What needs somebody first."""


class RunStatus(NamedTuple):
    """Where one run stands.

    Attributes:
        run: folder
        state: new (nothing to lose yet), queued, requeued (stopped by itself, waits for its turn), running, stopped
            (will not go on by itself), failed, ended early (by its sweep), trained, tested
        step: steps trained, as of the last validation; None if that is not known
        steps: how many there will be; None if the configuration does not say
        changed_s: when a file of it was last written, in seconds since 1970
        remark: who holds it, why it waits, how to go on
    """

    run: Path
    state: State
    step: int | None
    steps: int | None
    changed_s: float
    remark: str


def runs_in(places: Sequence[Path]) -> list[Path]:
    """Runs among folders, and in folders of runs, two levels down.

    Raises:
        FileNotFoundError: a place is not there
        ValueError: there is no run in one
    """
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise FileNotFoundError(f"{place} does not exist: name folders of runs, such as runs/*.")
        here = list(_runs_below(place, depth=2))
        if not here and len(places) == 1:
            raise ValueError(f"{place} holds no run: name a folder of runs, such as runs, or a run.")
        found += here
    return list(dict.fromkeys(found))


def _runs_below(place: Path, depth: int) -> Iterator[Path]:
    run = RunFolder(place)
    if run.config.is_file() or run.point.is_file():
        yield place
    elif depth and place.is_dir() and not place.is_symlink():
        for inside in sorted(place.iterdir()):
            yield from _runs_below(inside, depth - 1)


def status_of(path: Path, queue: Sequence[Job] | None) -> RunStatus:
    """Look at one run.

    Args:
        path: of its folder
        queue: this user's jobs; None if there is no Slurm
    """
    run = RunFolder(path)
    state, remark = _state(run, queue)
    steps = _steps(run) if run.is_begun or not run.metrics.is_file() else _tested_steps(run)
    step = steps if state in ("trained", "tested") else _step(run)
    return RunStatus(path, state, step, steps, _changed_s(run), remark)


def _state(run: RunFolder, queue: Sequence[Job] | None) -> tuple[State, str]:
    holder = read_holder(run.path)
    if holder is not None and _is_at_work(holder, queue):
        in_job = f", job {holder.job}" if holder.job else ""
        return "running", f"process {holder.process} on {holder.host}{in_job}"
    job = _job_of(run.path, queue or [])
    if run.is_ended_early:
        return "ended early", f"timbre fit {run.path} --ckpt_path last --trainer.callbacks '[]'"
    if run.done.is_file():
        is_tested = run.is_done(tested=True) or run.metrics.is_file()
        return ("tested", "") if is_tested else ("trained", f"timbre test {run.path}")
    if job is not None and job.state != "PENDING":
        return "running", f"job {job.number}, {job.state.lower()}"
    if job is not None:
        return ("requeued" if run.is_begun else "queued"), f"job {job.number}: {job.reason}"
    if run.failed.is_file():
        return "failed", run.failed.read_text(encoding="utf-8").strip()
    if run.is_begun:
        return "stopped", f"timbre fit {run.path} --resume true"
    if run.metrics.is_file():
        return "tested", ""  # of weights that lie elsewhere
    return "new", "not begun, or before its first checkpoint"


def _is_at_work(holder: Holder, queue: Sequence[Job] | None) -> bool:
    if holder.host == socket.gethostname():
        return is_alive(holder.process)
    if holder.job and queue is not None:
        return any(job.number.startswith(holder.job) and job.state != "PENDING" for job in queue)
    return True


def _job_of(path: Path, queue: Sequence[Job]) -> Job | None:
    """The job of that name; of a sweep's point, the task of that number of an array with the sweep's name."""
    for job in queue:
        of_a_point = job.task is not None and path.name == f"{job.name}-{job.task:03d}"
        if of_a_point or (job.task is None and path.name == job.name):
            return job
    return None


def _step(run: RunFolder) -> int | None:
    try:
        rows = list(csv.DictReader(run.curves.read_text(encoding="utf-8").splitlines()))
        return int(rows[-1]["step"])
    except (OSError, IndexError, KeyError, ValueError):
        return None


def _steps(run: RunFolder) -> int | None:
    try:
        config: Any = yaml.safe_load(run.config.read_text(encoding="utf-8"))
        steps = int(config["trainer"]["max_steps"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return None
    return steps if steps > 0 else None


def _tested_steps(run: RunFolder) -> int | None:
    """Steps of the weights that a test was of."""
    try:
        return int(read_json(run.metrics)["facts"]["steps"])
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _changed_s(run: RunFolder) -> float:
    files = [run.config, run.point, run.last, run.best, run.curves, run.metrics, run.control, run.done, run.failed]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=run.path.stat().st_mtime)
