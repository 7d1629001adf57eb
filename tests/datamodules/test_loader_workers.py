"""Processes that read clips: started from a process without threads, deaf to what is meant for the training."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from datamodules.loader_workers import MEANT_FOR_THE_TRAINING, loader_workers

ROOT = Path(__file__).parents[2]


class Told(Dataset):
    """What a worker is: its process, the process that started it, its threads, the signals that it does not hear."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        status = dict(line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines())
        return torch.tensor([os.getpid(), os.getppid(), int(status["SigBlk"], 16)])


def told(n_workers=1):
    """Every item of a loader."""
    loader = DataLoader(Told(), **loader_workers(n_workers))
    return loader, [row[0].tolist() for row in loader]


def processes_of(parent):
    """Those that it started, and those that they started."""
    found = [
        int(children)
        for path in Path(f"/proc/{parent}/task").glob("*/children")
        for children in path.read_text().split()
    ]
    return found + [child for process in found for child in processes_of(process)]


def test_without_workers_the_process_reads_itself():
    _, rows = told(0)
    assert {row[0] for row in rows} == {os.getpid()}


def test_a_worker_does_not_come_from_the_process_that_trains():
    """Which has other threads, whose locks a forked worker would inherit."""
    with_thread = threading.Thread(target=time.sleep, args=(1,))
    with_thread.start()
    _, rows = told()
    assert len(rows) == 8
    for process, parent, _ in rows:
        assert process != os.getpid() and parent != os.getpid()
        assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1, "where it comes from there is one thread"
    with_thread.join()


def test_it_hears_no_signal_but_sigterm():
    _, rows = told()
    deaf = {number for number in signal.Signals if rows[0][2] >> (number - 1) & 1}
    assert deaf == {getattr(signal, name) for name in MEANT_FOR_THE_TRAINING} - {signal.SIGTERM}
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(map(signal.Signals, deaf)), "the training hears all"


def test_signals_to_all_of_them_leave_clips_coming():
    """As `timeout`, a terminal or SLURM sends them; the second SIGTERM ends a worker."""
    loader = DataLoader(Told(), **loader_workers(1))
    rows = iter(loader)
    worker, helper, _ = next(rows)[0].tolist()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
        for process in (worker, helper):
            os.kill(process, number)
    assert [row[0].tolist()[0] for row in rows] == [worker] * 7
    assert [row[0].tolist()[0] for row in loader] == [worker] * 8, "the next epoch too"
    os.kill(worker, signal.SIGTERM)
    with pytest.raises(RuntimeError, match="worker"):
        for _ in range(3):
            list(loader)
            time.sleep(0.1)


def test_no_process_is_left_when_the_training_is_killed():
    program = (
        "import tests.datamodules.test_loader_workers as t; kept = t.told(2); print('read', flush=True); "
        "t.time.sleep(600)"
    )
    options = {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
    ) as training:
        assert training.stdout.readline() == "read\n"
        started = processes_of(training.pid)
        training.kill()
    assert len(started) >= 4, "two workers, where they come from, and what tidies up"
    end_s = time.monotonic() + 30
    while (left := [pid for pid in started if Path(f"/proc/{pid}").exists()]) and time.monotonic() < end_s:
        time.sleep(0.2)
    assert not left
