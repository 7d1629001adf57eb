"""Two processes do not train one run; whoever ended, however, holds nothing."""

import errno
import fcntl
import os
import signal
import socket
import sys

import pytest

from studies.run_lock import RunLock


@pytest.fixture(autouse=True)
def _no_job(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


@pytest.fixture
def holding(tmp_path):
    """Start a process that holds the run's lock, with a child that outlives it -> its id."""
    processes = []

    def start():
        told, tell = os.pipe()
        process = os.fork()
        if process == 0:
            os.setpgrp()
            lock = RunLock(tmp_path)
            lock.take()
            if os.fork() == 0:  # as a worker of a loader
                signal.pause()
            os.write(tell, b"x")
            signal.pause()
        os.read(told, 1)
        processes.append(process)
        return process

    yield start
    for process in processes:
        os.killpg(process, signal.SIGKILL)


def no_locks(monkeypatch):
    """As on a disk that has none."""

    def unsupported(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", unsupported)


@pytest.mark.parametrize("locks", ["held", "none on this disk", "none on this system"])
def test_a_second_process_is_refused_by_name_until_the_first_is_killed(tmp_path, holding, monkeypatch, locks):
    if locks == "none on this disk":
        no_locks(monkeypatch)
    elif locks == "none on this system":
        monkeypatch.setitem(sys.modules, "fcntl", None)
    process = holding()
    with pytest.raises(ValueError, match=rf"is being trained by process {process} on {socket.gethostname()}: wait"):
        RunLock(tmp_path).take()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    RunLock(tmp_path).take()
    assert (tmp_path / ".lock").read_text() == f"{socket.gethostname()} {os.getpid()} -\n"


def test_what_is_released_is_free_and_says_nothing(tmp_path, holding):
    lock = RunLock(tmp_path / "new" / "run")
    lock.take()
    lock.release()
    lock.release()
    assert (tmp_path / "new" / "run" / ".lock").read_text() == ""


@pytest.mark.parametrize(("job", "may"), [("7", True), ("8", False), ("", False)])
@pytest.mark.parametrize("locks", [True, False])
def test_a_job_that_is_queued_again_goes_in_where_its_node_was_lost(tmp_path, monkeypatch, job, may, locks):
    """Its disk may hold the lock of a machine that is gone; another job, or nobody's process, waits."""
    (tmp_path / ".lock").write_text("elsewhere 12 7\n")
    monkeypatch.setenv("SLURM_JOB_ID", job)
    if locks:

        def held(*_):
            raise OSError(errno.EAGAIN, "held")

        monkeypatch.setattr(fcntl, "lockf", held)
    else:
        no_locks(monkeypatch)
    if may:
        RunLock(tmp_path).take()
        assert (tmp_path / ".lock").read_text().endswith(" 7\n")
    else:
        with pytest.raises(ValueError, match=r"process 12 on elsewhere, job 7: .*delete .*\.lock"):
            RunLock(tmp_path).take()


def test_two_processes_without_a_job_are_two(tmp_path, monkeypatch):
    """That neither has a number does not make them one job."""
    no_locks(monkeypatch)
    (tmp_path / ".lock").write_text("elsewhere 12 -\n")
    with pytest.raises(ValueError, match="process 12 on elsewhere: wait"):
        RunLock(tmp_path).take()


def test_of_one_job_on_one_machine_one_process_trains(tmp_path, holding, monkeypatch):
    """Two terminals of one interactive job are two processes."""
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    holding()
    with pytest.raises(ValueError, match="job 7"):
        RunLock(tmp_path).take()


def test_a_dead_holder_of_another_machine_is_nobody_where_there_are_locks(tmp_path):
    (tmp_path / ".lock").write_text("elsewhere 12 7\n")
    RunLock(tmp_path).take()


@pytest.mark.parametrize("text", ["", "x", "a b c d e", "\n\n"])
def test_a_torn_file_is_no_obstacle(tmp_path, text):
    (tmp_path / ".lock").write_text(text)
    RunLock(tmp_path).take()
