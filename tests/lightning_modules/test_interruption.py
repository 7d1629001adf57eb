"""A signal is noted, never acted on; a worker's is not the run's; the exit code is what the caller looks for."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lightning_modules.interruption import Interruption, requeue_marker

ASKED_TO_STOP = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before(monkeypatch, in_a_terminal):
    before = {number: signal.getsignal(number) for number in ASKED_TO_STOP}
    for name in ("SLURM_JOB_ID", "WANDB_SWEEP_ID", "TIMBRE_REQUEUE"):
        monkeypatch.delenv(name, raising=False)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def interruption():
    return Interruption()


def in_a_fork(action):
    """What a forked process does -> how it ended, minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("number", ASKED_TO_STOP)
def test_a_signal_is_noted_while_training(interruption, number):
    interruption.watch()
    interruption.watch_training()
    os.kill(os.getpid(), number)
    assert interruption.signal_number == number


def test_one_that_came_before_training_is_still_noted(interruption):
    interruption.watch()
    os.kill(os.getpid(), signal.SIGUSR1)
    interruption.watch_training()
    interruption.leave_training()
    assert interruption.signal_number == signal.SIGUSR1


def test_the_next_verb_of_a_process_begins_without_it(interruption):
    interruption.watch()
    os.kill(os.getpid(), signal.SIGUSR1)
    interruption.watch()
    assert interruption.signal_number is None


def test_outside_of_training_only_the_early_warning_is_noted(interruption):
    """There is nothing to save; what would end a process silently ends it as Ctrl-C does."""
    interruption.watch()
    for _ in range(2):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        interruption.watch_training()
        interruption.leave_training()
        interruption.leave_training()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert interruption.signal_number == signal.SIGUSR1


def test_a_second_ctrl_c_stops_at_once(interruption, capfd):
    interruption.watch_training()
    os.kill(os.getpid(), signal.SIGINT)
    assert "Ctrl-C again" in capfd.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_is_ignored_in_the_background_stays_so(interruption, number):
    """Under nohup a run trains on when its terminal closes; a Ctrl-C in a script's terminal is for what is in front."""
    signal.signal(number, signal.SIG_IGN)
    interruption.watch()
    interruption.watch_training()
    os.kill(os.getpid(), number)
    assert interruption.signal_number is None
    interruption.leave_training()
    assert signal.getsignal(number) == signal.SIG_IGN


def test_a_closed_terminal_is_written_to_no_more(interruption):
    """It would turn the next line of progress into an error, before anything is saved."""

    def trains():
        here, terminal = pty.openpty()
        os.dup2(terminal, 1)
        os.close(terminal)
        interruption.watch()
        interruption.watch_training()
        os.close(here)
        try:
            os.write(1, b"to nobody")
        except OSError:
            os.kill(os.getpid(), signal.SIGHUP)
            os.write(1, b"to nowhere")
            os._exit(interruption.signal_number)

    assert in_a_fork(trains) == signal.SIGHUP


@pytest.mark.parametrize("training", [False, True])
def test_a_forked_worker_outlives_a_closed_terminal_until_training_ends(interruption, training):
    """What trains still needs its clips to come to the end of the step."""
    interruption.watch()
    if training:
        interruption.watch_training()
    ends = in_a_fork(lambda: os.kill(os.getpid(), signal.SIGHUP))
    assert ends == (3 if training else -signal.SIGHUP)


@pytest.mark.parametrize(("number", "ends"), [(signal.SIGUSR1, 3), (signal.SIGTERM, -signal.SIGTERM)])
@pytest.mark.parametrize("training", [False, True])
def test_a_forked_worker_leaves_the_run_alone(interruption, number, ends, training):
    """The early warning is not for it; what ends it still does."""
    interruption.watch()
    if training:
        interruption.watch_training()
    assert in_a_fork(lambda: os.kill(os.getpid(), number)) == ends
    assert interruption.signal_number is None


@pytest.mark.parametrize(
    ("variables", "number", "code"),
    [
        ({}, signal.SIGUSR1, 128 + signal.SIGUSR1),
        ({}, signal.SIGINT, 130),
        ({}, signal.SIGHUP, 129),
        ({}, None, 128 + signal.SIGTERM),
        ({"SLURM_JOB_ID": "7"}, signal.SIGUSR1, 0),
        ({"WANDB_SWEEP_ID": "x"}, signal.SIGUSR1, 1),
        ({"SLURM_JOB_ID": "7", "WANDB_SWEEP_ID": "x"}, signal.SIGTERM, 1),
    ],
)
def test_the_exit_code_is_what_the_caller_looks_for(interruption, monkeypatch, variables, number, code):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    interruption.signal_number = number
    assert interruption.exit_code() == code


def test_signals_that_a_system_lacks_are_not_asked_for():
    """As on Windows: importing and watching works, and Ctrl-C is noted."""
    read = (
        "import signal; del signal.SIGUSR1, signal.SIGHUP\n"
        "from lightning_modules.interruption import INTERRUPTION as i\n"
        "i.watch(); i.watch_training(); signal.raise_signal(signal.SIGINT); print(i.signal_number)"
    )
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", read], cwd=root, timeout=60, capture_output=True, text=True)
    assert said.stdout == "2\n", said.stderr


def test_the_marker_is_where_the_job_looks_for_it(monkeypatch):
    assert requeue_marker(Path("runs/flute")) == Path("runs/flute/REQUEUE")
    monkeypatch.setenv("TIMBRE_REQUEUE", "/job/again")
    assert requeue_marker(Path("runs/flute")) == Path("/job/again")


def test_the_handler_is_there_before_torch():
    """Else a signal that arrives during seconds of imports would end the process."""
    read = "import sys, timbre, lightning_modules.interruption; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", read], cwd=root, timeout=60).returncode == 0
