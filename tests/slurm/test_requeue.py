"""When a job queues itself again, and when not: train.sh with a timbre that only waits for a signal."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slurm

SAVES = """trap 'touch "$TIMBRE_REQUEUE"; exit 0' TERM USR1"""
FAILS = "trap 'exit 1' USR1"


@pytest.fixture
def waiting(slurm: Any) -> Callable[[str], str]:
    """How to treat signals -> a job that waits for one."""

    def start(treatment: str) -> str:
        timbre = slurm.folder / "waiting" / "bin" / "timbre"
        timbre.parent.mkdir(parents=True, exist_ok=True)
        timbre.write_text(f"#!/bin/bash\n{treatment}\necho waiting\nfor _ in {{1..300}}; do sleep 0.2; done\n")
        timbre.chmod(0o755)
        options = ("--gpus-per-node=h100:1", "--ntasks-per-node=1", "slurm/train.sh")
        job = str(slurm.submit("-J", "waiting", *options, TIMBRE_VENV=slurm.folder / "waiting"))
        slurm.wait_for_text(job, "waiting\n")
        return job

    return start


@pytest.mark.parametrize("treatment", [SAVES, ""], ids=["saved", "before Python listens"])
def test_a_signal_queues_the_job_again(slurm: Any, waiting: Callable[[str], str], treatment: str) -> None:
    """Also when it came so early that it killed the process."""
    job = waiting(treatment)
    slurm.call("scancel", "--signal=USR1", job)
    slurm.wait(job, lambda: slurm.field(job, "Restarts") == "1", "queued again")
    slurm.call("scancel", job)


@pytest.mark.parametrize("treatment", [SAVES, FAILS], ids=["saves", "fails"])
def test_a_cancelled_job_stays_cancelled(slurm: Any, waiting: Callable[[str], str], treatment: str) -> None:
    """Though timbre saves at SIGTERM too, and would go on."""
    job = waiting(treatment)
    slurm.call("scancel", job)
    assert slurm.wait_for_end(job) == "CANCELLED"
    with pytest.raises(pytest.fail.Exception):
        slurm.wait(job, lambda: slurm.field(job, "JobState") != "CANCELLED", "back", limit_s=5)
    assert "queued again" not in slurm.said(job)


def test_a_failed_job_stays_failed(slurm: Any, waiting: Callable[[str], str]) -> None:
    """Without a marker there is nothing to go on with."""
    job = waiting(FAILS)
    slurm.call("scancel", "--signal=USR1", job)
    assert slurm.wait_for_end(job) == "FAILED"
    assert "queued again" not in slurm.said(job)
