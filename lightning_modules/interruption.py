"""Stop requests: recorded in the signal handler, acted on between two batches, where nothing is lost.

Nothing is done inside a handler: it may run in the middle of an import or of a collective of several processes. Torch
is not imported here, so that a signal that arrives while it is finds the handler in place.
"""

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any

EARLY_WARNING = getattr(signal, "SIGUSR1", None)
CLOSED_TERMINAL = getattr(signal, "SIGHUP", None)
"""Windows has neither."""


class Interruption:
    """The last signal that asked this process to stop; None if none did.

    A forked worker inherits the handlers but not the run: it leaves the signal to the process that trains.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._process = os.getpid()
        self._before: dict[int, Any] = {}
        self._terminals: list[int] = []

    def watch(self) -> None:
        """Note SIGUSR1, which SLURM sends ahead of a job's time limit, from now to the end of the process.

        SIGTERM and SIGHUP stop at once, as Ctrl-C does: killed silently, it would leave the processes it started
        behind.
        """
        self._process, self.signal_number = os.getpid(), None
        signal.signal(signal.SIGTERM, self._stop_at_once)
        if EARLY_WARNING:
            signal.signal(EARLY_WARNING, self._note)
        if CLOSED_TERMINAL and not _is_ignored(CLOSED_TERMINAL):
            signal.signal(CLOSED_TERMINAL, self._stop_at_once)

    def watch_training(self) -> None:
        """Note SIGTERM, SIGHUP and Ctrl-C too, until `leave_training`; a second Ctrl-C stops at once.

        What was ignored when the process began stays so: under nohup it trains on when the terminal closes, and in the
        background of a script it does not hear a Ctrl-C that is meant for others.
        """
        self._process = os.getpid()
        self._terminals = [stream for stream in (1, 2) if os.isatty(stream)]
        for number, handler in (
            (signal.SIGTERM, self._note),
            (CLOSED_TERMINAL, self._note),
            (signal.SIGINT, self._note_once),
        ):
            if number and not _is_ignored(number):
                self._before[number] = signal.signal(number, handler)

    def leave_training(self) -> None:
        """Let SIGTERM, SIGHUP and Ctrl-C stop at once again."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def exit_code(self) -> int:
        """Exit code after a requested stop: 0 in a SLURM task, whose script looks for the marker instead.

        srun ends the other tasks of a job when one fails, and a W&B agent hands a trial on only if it failed.
        """
        if os.environ.get("WANDB_SWEEP_ID"):
            return 1
        return 0 if os.environ.get("SLURM_JOB_ID") else 128 + (self.signal_number or signal.SIGTERM)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() == self._process:
            self.signal_number = number
            if number == CLOSED_TERMINAL:
                self._leave_terminal()
        elif number == signal.SIGTERM:
            _die(number)

    def _leave_terminal(self) -> None:
        """A terminal that is gone would turn the next line of progress into an error, before anything is saved."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in self._terminals:
            os.dup2(nowhere, stream)
        os.close(nowhere)

    def _note_once(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number == number or os.getpid() != self._process:
            raise KeyboardInterrupt
        self.signal_number = number
        # Not print: what was interrupted may be in the middle of it.
        os.write(2, b"\nStopping after this step; Ctrl-C again stops at once.\n")

    def _stop_at_once(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            _die(number)
        raise KeyboardInterrupt


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN


def _die(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


INTERRUPTION = Interruption()
"""The stop requests of this process."""


def requeue_marker(folder: Path) -> Path:
    """The marker file of a run that stopped early and is to be resumed; a job's script may name another place."""
    return Path(os.environ.get("TIMBRE_REQUEUE") or folder / "REQUEUE")
