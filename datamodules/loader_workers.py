"""The processes that read clips while a model trains: where they come from, and which signals they listen to."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from types import FrameType
from typing import Any

GRACE_S = 30
"""As long as SLURM waits between SIGTERM and SIGKILL."""
MEANT_FOR_THE_TRAINING = ("SIGINT", "SIGHUP", "SIGUSR1", "SIGTERM")


def loader_workers(n_workers: int) -> dict[str, Any]:
    """Options of a DataLoader that reads with `n_workers` processes; 0 reads in the process that trains."""
    if n_workers == 0:
        return {}
    return {
        "num_workers": n_workers,
        "persistent_workers": True,
        "multiprocessing_context": _context(),
        "worker_init_fn": begin_worker,
    }


def begin_worker(number: int) -> None:
    """Listen to SIGTERM alone, and that with patience: the process that trains may still want clips while it saves.

    It ends when that process does, even if it is killed.
    """
    threading.Thread(target=_end_with_the_training, daemon=True).start()
    if hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGTERM, _end_soon)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _context() -> BaseContext:
    """Workers from a process without threads.

    One that is forked from the training process, where other threads run, inherits whatever locks they hold at that
    moment, and may stand still for ever.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["datamodules.clip_dataset"])
    # In this order: whoever starts the first lifts the block of the second.
    for helper in (resource_tracker, forkserver):
        with _signals_blocked(), _one_thread():
            helper.ensure_running()
    return context


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Inside, new processes do not receive signals that a terminal or SLURM sends to the whole process group.

    Blocked rather than ignored: this process hears it a moment later.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in MEANT_FOR_THE_TRAINING})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Libraries start none where the workers come from: there are as many workers as were asked for."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before


def _end_with_the_training() -> None:
    """What torch watches, the process that this one was forked from, lives as long as its last worker."""
    training = multiprocessing.parent_process()
    assert training is not None
    training.join()
    os._exit(1)


def _end_soon(number: int, frame: FrameType | None) -> None:
    """The second SIGTERM, or half a minute, ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.alarm(GRACE_S)
