"""Runs of train.sh, the script as it is: two processes that train together, interrupted in every way there is."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

pytestmark = pytest.mark.slurm

STEPS = 160
TWO = ("--trainer.strategy", "ddp", "--trainer.max_steps", str(STEPS), "--trainer.val_check_interval", "80")
ONE_GPU = ("--gpus-per-node=h100:1", "--ntasks-per-node=1")


@pytest.fixture(scope="module")
def uninterrupted(slurm: Any, experiment: list[str]) -> Path:
    """The folder of a run of two processes that nothing happened to."""
    job = slurm.submit("-J", "uninterrupted", "slurm/train.sh", *experiment, *TWO)
    assert slurm.wait_for_end(job) == "COMPLETED", slurm.said(job)
    assert slurm.field(job, "Restarts") == "0"
    return Path(slurm.folder / "runs" / "uninterrupted")


def _starts(slurm: Any, job: str) -> list[int]:
    """Steps that training began at, each time that the job was started."""
    return [int(step) for step in re.findall(r"Training from step (\d+) on", slurm.said(job))]


def _train_for_a_moment(slurm: Any, job: str, start: int, shortest_s: float = 0.0) -> None:
    """Wait until a job trains for the n-th time, and then for a random time."""
    slurm.wait(job, lambda: len(_starts(slurm, job)) >= start, f"training for the {start}th time")
    time.sleep(random.uniform(shortest_s, shortest_s + 2))


def _leaves(state: Any, path: str = "") -> dict[str, Any]:
    """Every value of nested states, by its path."""
    items = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list | tuple) else None
    if items is None:
        return {path: state}
    return {name: leaf for key, value in items for name, leaf in _leaves(value, f"{path}/{key}").items()}


def _assert_same_end(run: Path, other: Path) -> None:
    """Step, weights and the optimizer's state are the same, bit for bit."""
    states = [torch.load(folder / "checkpoints" / "last.ckpt", weights_only=False) for folder in (run, other)]
    assert states[0]["global_step"] == states[1]["global_step"] == STEPS
    for part in ("state_dict", "optimizer_states"):
        found, expected = (_leaves(state[part]) for state in states)
        assert found.keys() == expected.keys()
        for path, value in expected.items():
            same = torch.equal(found[path], value) if isinstance(value, torch.Tensor) else found[path] == value
            assert same, f"{part}{path} differs"


def test_two_signals_change_no_bit_and_requeue_twice(slurm: Any, experiment: list[str], uninterrupted: Path) -> None:
    """At random steps, with workers that read clips; submitted again when it is finished, it does nothing."""
    options = ("-J", "signalled", "slurm/train.sh", *experiment, *TWO)
    job = slurm.submit(*options)
    for start in (1, 2):
        _train_for_a_moment(slurm, job, start)
        assert slurm.call("scancel", "--signal=USR1", job).returncode == 0
    assert slurm.wait_for_end(job) == "COMPLETED", slurm.said(job)
    run = slurm.folder / "runs" / "signalled"
    assert slurm.field(job, "Restarts") == "2", "as many restarts as signals"
    first, second, third = _starts(slurm, job)
    assert 0 == first < second < third < STEPS
    _assert_same_end(run, uninterrupted)
    assert (run / "DONE").exists() and (run / "metrics.json").exists()

    written = {path: path.lstat().st_mtime_ns for path in run.rglob("*")}
    again = slurm.submit(*options)
    assert slurm.wait_for_end(again) == "COMPLETED", slurm.said(again)
    assert _starts(slurm, again) == []
    assert {path: path.lstat().st_mtime_ns for path in run.rglob("*")} == written


def test_a_killed_job_goes_on_requeued_and_submitted_anew(
    slurm: Any, experiment: list[str], uninterrupted: Path
) -> None:
    """SIGKILL and scontrol requeue, scancel and sbatch: no bit differs. With fewer processes it goes on too."""
    name = ("-J", "killed", "slurm/train.sh", *experiment, *TWO)
    last = slurm.folder / "runs" / "killed" / "checkpoints" / "last.ckpt"
    job = slurm.submit(*name)
    slurm.wait(job, last.exists, "saving")
    slurm.kill(job)
    assert slurm.wait_for_end(job) == "FAILED", "a killed job does not come back by itself"
    assert slurm.call("scontrol", "requeue", job).returncode == 0
    _train_for_a_moment(slurm, job, 2)
    slurm.call("scancel", job)
    assert slurm.wait_for_end(job) == "CANCELLED", "nor does a cancelled one"

    fewer = slurm.folder / "runs" / "fewer"
    shutil.copytree(last.parents[1], fewer, symlinks=True)
    anew = slurm.submit(*name)
    assert slurm.wait_for_end(anew) == "COMPLETED", slurm.said(anew)
    assert _starts(slurm, anew)[0] >= 50
    _assert_same_end(last.parents[1], uninterrupted)

    alone = slurm.submit("-J", "fewer", *ONE_GPU, "slurm/train.sh", *experiment, *TWO)
    assert slurm.wait_for_end(alone) == "COMPLETED", slurm.said(alone)
    assert "on 1 process." in slurm.said(alone) and _starts(slurm, alone)[0] >= 50
    assert (fewer / "DONE").exists()


def test_a_time_limit_is_no_end(slurm: Any, experiment: list[str]) -> None:
    """Slurm's own signal ahead of it: the job queues itself again and finishes."""
    steps = ("--trainer.max_steps", "3000", "--trainer.val_check_interval", "1000")
    limit = ("--time=0:02:00", "--signal=USR1@45")
    job = slurm.submit("-J", "limited", *limit, *ONE_GPU, "slurm/train.sh", *experiment, *steps)
    assert slurm.wait_for_end(job, 900) == "COMPLETED", slurm.said(job)
    assert int(slurm.field(job, "Restarts")) >= 1
    assert max(_starts(slurm, job)) > 0
    assert (slurm.folder / "runs" / "limited" / "DONE").exists()


def test_a_job_submits_itself_where_it_may_not_requeue_and_stops_at_the_cap(slurm: Any, experiment: list[str]) -> None:
    """With the options that it was given; its restarts are counted on."""
    refusing = slurm.folder / "refusing"
    refusing.mkdir()
    (refusing / "scontrol").write_text("#!/bin/sh\necho 'Access/permission denied' >&2\nexit 1\n")
    (refusing / "scontrol").chmod(0o755)
    setting = {"PATH": f"{refusing}:{os.environ['PATH']}", "MAX_RESTARTS": 1}
    options = ("-J", "refused", "--time=1:00:00", *ONE_GPU, "slurm/train.sh", *experiment)
    job = slurm.submit(*options, "--trainer.max_steps", 3000, **setting)
    _train_for_a_moment(slurm, job, 1)
    slurm.call("scancel", "--signal=USR1", job)
    assert slurm.wait_for_end(job) == "COMPLETED", slurm.said(job)
    found = re.search(r"Submitted batch job (\d+)", slurm.said(job))
    assert found, slurm.said(job)
    second = found[1]
    assert slurm.field(second, "JobName") == "refused" and slurm.field(second, "TimeLimit") == "01:00:00"
    _train_for_a_moment(slurm, second, 1)
    slurm.call("scancel", "--signal=USR1", second)
    assert slurm.wait_for_end(second) == "FAILED", "what waits for it (afterok) is not to start"
    assert "MAX_RESTARTS" in slurm.said(second)
    assert "Submitted batch job" not in slurm.said(second)


def test_tasks_that_do_not_match_the_gpus_are_refused_in_one_sentence(slurm: Any, experiment: list[str]) -> None:
    """Before anything slow; Lightning would wait for the missing process."""
    for wrong in ("--ntasks=1", "--gpus-per-node=h100:4"):
        job = slurm.submit("-J", "wrong", wrong, "slurm/train.sh", *experiment)
        assert slurm.wait_for_end(job) == "FAILED"
        assert slurm.said(job).startswith("slurm/train.sh: one task per GPU") and slurm.said(job).count("\n") == 1


def _nobody(home: Path) -> dict[str, Any]:
    """User and HOME of a job: somebody who may not write it; root and /sys where nobody else may run this Python."""
    try:
        subprocess.run([sys.executable, "-c", ""], user=65534, group=65534, check=True)
    except OSError:
        return {"HOME": "/sys"}
    home.mkdir(0o555)
    return {"HOME": home, "user": 65534}


def test_a_home_that_cannot_be_written_is_no_hindrance(slurm: Any, experiment: list[str], uninterrupted: Path) -> None:
    """As on Trillium; the data was prepared by somebody else."""
    home = _nobody(slurm.folder / "home")
    setting = {"TIMBRE_RUNS": slurm.folder / "output" / "runs", "NUMBA_CACHE_DIR": ""}
    options = (*ONE_GPU, "slurm/train.sh", *experiment, "--trainer.max_steps", "4", "--trainer.val_check_interval", "4")
    job = slurm.submit("-J", "homeless", *options, "--test", "false", **setting, **home)
    assert slurm.wait_for_end(job) == "COMPLETED", slurm.said(job)
    assert (slurm.folder / "output" / "runs" / "homeless" / "DONE").exists()
    assert not (slurm.folder / "home").exists() or list((slurm.folder / "home").iterdir()) == []
