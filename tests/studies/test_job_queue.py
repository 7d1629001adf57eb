"""What is read of Slurm's queue."""

import os

import pytest

from studies import job_queue
from studies.job_queue import Job, jobs


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """A script -> the squeue that is found."""

    def put(script):
        path = tmp_path / "squeue"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return put


def test_jobs_are_read_a_line_each_with_what_was_asked(squeue, tmp_path):
    squeue(
        f'echo "$@" > {tmp_path}/asked\n'
        "echo '12|RUNNING|None|mine'; echo '13_4|PENDING|JobArrayTaskLimit|turned|share'; echo 'odd line'"
    )
    found = jobs()
    assert found == [Job("12", "RUNNING", "None", "mine"), Job("13_4", "PENDING", "JobArrayTaskLimit", "turned|share")]
    assert [job.task for job in found] == [None, 4]
    assert "--me" in (tmp_path / "asked").read_text() and "--array" in (tmp_path / "asked").read_text()


def test_where_there_is_no_slurm_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert jobs() is None


def test_one_that_fails_or_hangs_is_none(squeue, monkeypatch):
    squeue("exit 1")
    assert jobs() is None
    squeue("exec sleep 60")
    monkeypatch.setattr(job_queue, "WAIT_S", 0.2)
    assert jobs() is None


def test_the_number_of_a_whole_array_is_no_task():
    assert Job("12_[5-9]", "PENDING", "", "x").task is None
