"""Where runs stand, by what lies in their folders and in the queue."""

import os
import socket
import subprocess
import sys

import pytest
import yaml

from studies.job_queue import Job
from studies.run_files import write_json
from studies.run_folder import RunFolder
from studies.run_lock import RunLock
from studies.run_status import ORDER, runs_in, status_of

HERE = socket.gethostname()


@pytest.fixture
def run(tmp_path):
    """A run of 100 steps that was begun."""
    folder = RunFolder(tmp_path / "sweep" / "sweep-007")
    folder.last.parent.mkdir(parents=True)
    folder.config.write_text(yaml.safe_dump({"trainer": {"max_steps": 100}}))
    folder.last.write_bytes(b"weights")
    return folder


def dead_process():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def held_by(run, host, process, job="-"):
    (run.path / ".lock").write_text(f"{host} {process} {job}\n")


def state(run, queue=None):
    found = status_of(run.path, queue)
    return found.state, found.remark


def test_a_run_that_nobody_trains_has_stopped_and_says_how_to_go_on(run):
    assert state(run) == ("stopped", f"timbre fit {run.path} --resume true")


def test_before_its_first_checkpoint_there_is_nothing_to_go_on_with(run):
    run.last.unlink()
    assert state(run)[0] == "new"


def test_whoever_holds_the_lock_is_at_work_until_it_ends(run):
    lock = RunLock(run.path)
    lock.take()
    assert state(run) == ("running", f"process {os.getpid()} on {HERE}")
    lock.release()
    assert state(run)[0] == "stopped"
    held_by(run, HERE, dead_process())
    assert state(run)[0] == "stopped"


def test_of_a_process_elsewhere_the_queue_knows(run):
    held_by(run, "node7", 12, "34")
    assert state(run, queue=None)[0] == "running"  # nobody can be asked
    assert state(run, [Job("34_7", "RUNNING", "None", "sweep")]) == ("running", "process 12 on node7, job 34")
    assert state(run, [])[0] == "stopped"
    waiting = [Job("34_7", "PENDING", "BeginTime", "sweep")]
    assert state(run, waiting) == ("requeued", "job 34_7: BeginTime")


def test_a_point_that_waits_for_its_first_turn_is_queued(run):
    run.last.unlink()
    queue = [Job("34_6", "RUNNING", "None", "sweep"), Job("34_7", "PENDING", "JobArrayTaskLimit", "sweep")]
    assert state(run, queue) == ("queued", "job 34_7: JobArrayTaskLimit")
    assert state(run, [Job("35", "PENDING", "Priority", "sweep-007")])[0] == "queued"
    assert state(run, [Job("35", "PENDING", "Priority", "sweep")])[0] == "new"  # not this one


def test_what_failed_says_why(run):
    run.say_failed("in step 5 of training, the term knobs was not finite.")
    assert state(run) == ("failed", "in step 5 of training, the term knobs was not finite.")


@pytest.mark.parametrize(("tested", "expected"), [(False, "trained"), (True, "tested")])
def test_what_is_done(run, tested, expected):
    run.say_done(tested)
    found = status_of(run.path, None)
    assert (found.state, found.step, found.steps) == (expected, 100, 100)


def test_a_point_that_its_sweep_ended_says_how_to_train_it_on(run):
    run.say_ended_early()
    found = status_of(run.path, None)
    assert found.state == "ended early" and found.step is None
    assert found.remark == f"timbre fit {run.path} --ckpt_path last --trainer.callbacks '[]'"


def test_one_that_was_tested_by_itself_is_tested(run):
    run.say_done(tested=False)
    run.metrics.write_text("{}")
    assert state(run)[0] == "tested"


def test_steps_are_those_of_the_last_validation(run):
    assert status_of(run.path, None).step is None
    run.curves.write_text("step,validation/reconstruction\n10,1.5\n60,1.25\n")
    assert status_of(run.path, None)[2:4] == (60, 100)
    run.curves.write_text("step,validation/rec")
    run.config.write_text("trainer: [")
    assert status_of(run.path, None)[2:4] == (None, None)


def test_runs_are_found_two_levels_down_once(run, tmp_path):
    (tmp_path / "sweep" / "notes").mkdir()
    other = RunFolder(tmp_path / "flute")
    other.path.mkdir()
    other.config.write_text("{}")
    assert runs_in([tmp_path, other.path]) == [other.path, run.path]
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        runs_in([tmp_path / "nowhere"])
    with pytest.raises(ValueError, match="notes holds no run"):
        runs_in([tmp_path / "sweep" / "notes"])


def test_every_state_has_its_place_in_the_order():
    assert sorted(ORDER) == sorted(status_of.__globals__["State"].__args__)


def test_a_test_of_weights_that_lie_elsewhere_is_tested_at_their_steps(run):
    write_json(run.metrics, {"facts": {"steps": 10000}})
    run.last.unlink(missing_ok=True)
    run.best.unlink(missing_ok=True)
    found = status_of(run.path, [])
    assert (found.state, found.step, found.steps) == ("tested", 10000, 10000)
