"""Processes that run `timbre`, each of them signalled or killed at a place that is said beforehand.

Most are forked from one that has imported everything, so that a start takes a second. Run as a program without an
argument this is that process: it takes a start a line, as JSON, and answers with the id of the process and with how it
ended. With a start as argument it is that start: what runs of several processes need, which begin their others anew.
"""

import json
import math
import os
import pkgutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OURS = ("WANDB_", "SLURM_", "TIMBRE_", "PL_")


@dataclass(frozen=True)
class Strike:
    """A signal that a process sends itself when a function is called for the nth time, before the call.

    Args:
        place: module:class.function
        call: which call of it, from 1
        number: of the signal; instead, 0 raises an error in the process, -1 makes what this call returns no number
        rank: of the process that it hits
    """

    place: str
    call: int = 1
    number: int = signal.SIGUSR1
    rank: int = 0


class Starts:
    """Starts `timbre`, one process after the other, in a folder of its own."""

    def __init__(self, server: "subprocess.Popen[str]", folder: Path) -> None:
        self.folder = folder
        self._server = server
        self._log = folder / "output.txt"

    def begin(self, *args: object, strikes: Sequence[Strike] = (), **variables: str) -> int:
        """Options of `timbre`, strikes and environment variables -> id of the process; end it before the next."""
        assert self._server.stdin
        self._server.stdin.write(self._start([args], strikes, variables) + "\n")
        self._server.stdin.flush()
        return self._answer()

    def end(self) -> int:
        """Wait for the process -> its exit code, or minus the signal that killed it."""
        return self._answer()

    def run(self, *args: object, strikes: Sequence[Strike] = (), **variables: str) -> int:
        """Begin and end."""
        self.begin(*args, strikes=strikes, **variables)
        return self.end()

    def run_anew(self, *runs: Sequence[object], strikes: Sequence[Strike] = (), timeout_s: float = 300) -> int:
        """Options of runs, one after the other in one new process, which may begin others -> its exit code."""
        command = [sys.executable, __file__, self._start(runs, strikes, {})]
        return subprocess.run(command, env=environment(), timeout=timeout_s).returncode

    def said(self) -> str:
        """What the last process wrote."""
        return self._log.read_text(errors="replace")

    def _start(self, runs: Sequence[Sequence[object]], strikes: Sequence[Strike], variables: dict[str, str]) -> str:
        self._log.write_text("")
        places = {"folder": str(self.folder), "log": str(self._log)}
        options = [list(map(str, args)) for args in runs]
        return json.dumps({"runs": options, "strikes": list(map(asdict, strikes)), "variables": variables, **places})

    def _answer(self) -> int:
        assert self._server.stdout
        return int(self._server.stdout.readline())


def environment() -> dict[str, str]:
    """Environment of a process that knows nothing of this one's runs, jobs and accounts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}


@contextmanager
def serving() -> Iterator["subprocess.Popen[str]"]:
    """The process that the others are forked from."""
    pipe = subprocess.PIPE
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment(), text=True) as server:
        yield server
        assert server.stdin
        server.stdin.close()


def _serve(main: Callable[[list[str]], None]) -> None:
    from timbre import experiment  # noqa: F401

    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _end_as(json.loads(line), main)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def _end_as(start: dict[str, Any], main: Callable[[list[str]], None]) -> None:
    """End with its exit code, without what only the process that imported everything can tidy up."""
    code = 0
    try:
        _become(start, main)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)


def _become(start: dict[str, Any], main: Callable[[list[str]], None]) -> None:
    """The process that was asked for, as if it had been started from a shell."""
    log = os.open(start["log"], os.O_WRONLY | os.O_APPEND)
    for stream, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(target, stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background it is ignored
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.chdir(start["folder"])
    os.environ.update(start["variables"])
    for strike in start["strikes"]:
        if strike["rank"] == int(os.environ.get("LOCAL_RANK", 0)):
            _arm(Strike(**strike))
    for args in start["runs"]:
        main(args)


def _arm(strike: Strike) -> None:
    module, _, path = strike.place.partition(":")
    owner, name = pkgutil.resolve_name(f"{module}:{path.rpartition('.')[0]}"), path.rpartition(".")[2]
    function, n_calls = getattr(owner, name), 0

    def struck(*args: Any, **options: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == strike.call:
            if strike.number == 0:
                raise RuntimeError("struck")
            if strike.number == -1:
                return math.nan * function(*args, **options)
            os.kill(os.getpid(), strike.number)
        return function(*args, **options)

    setattr(owner, name, struck)


if __name__ == "__main__":
    from timbre import main

    if len(sys.argv) > 1:
        _become(json.loads(sys.argv[1]), main)
    else:
        _serve(main)
