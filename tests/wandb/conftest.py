"""A W&B server on this machine, programs that log to it, and nothing of a user's own account."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.timbre.conftest import tiny, tones
from tests.wandb.server import Server, serving

__all__ = ["tiny", "tones"]
OURS = ("WANDB_", "SLURM_", "TIMBRE_")


@pytest.fixture(autouse=True)
def _has_core() -> None:
    """What wandb sends is sent by its core, a program that not every platform has."""
    spec = find_spec("wandb")
    if spec is None or not (Path(str(spec.origin)).parent / "bin" / "wandb-core").exists():
        pytest.skip("wandb has no core here")


@pytest.fixture
def server() -> Iterator[Server]:
    """Empty; at the end it must have understood all that it was asked."""
    with serving() as server:
        yield server
        assert not server.not_understood


@pytest.fixture
def environment(server: Server, tmp_path: Path) -> dict[str, str]:
    """Variables of a process that knows this server and no other."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    places = {name: str(tmp_path / "wandb-home") for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR")}
    account = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": "0" * 40, "WANDB_SILENT": "true"}
    found = os.pathsep.join([str(program("wandb").parent), os.environ["PATH"]])
    return {**kept, **places, **account, "OMP_NUM_THREADS": "1", "PATH": found}


@pytest.fixture
def command(environment: dict[str, str], tmp_path: Path) -> Callable[..., int]:
    """Run a program of this environment in the test's folder: name, arguments, more variables -> its exit code."""

    def run(name: str, *args: object, variables: dict[str, str] | None = None) -> int:
        given = {**environment, **(variables or {})}
        return subprocess.run([program(name), *map(str, args)], env=given, cwd=tmp_path, timeout=900).returncode

    return run


@pytest.fixture
def interrupted(environment: dict[str, str], tmp_path: Path) -> Callable[..., int]:
    """As `command`, with SIGUSR1 once it has written sounds of a validation anywhere under the folder."""

    def run(name: str, *args: object, variables: dict[str, str] | None = None) -> int:
        begun = time.time()
        given = {**environment, **(variables or {})}
        with subprocess.Popen([program(name), *map(str, args)], env=given, cwd=tmp_path) as process:
            try:
                while process.poll() is None and not _newer_sound(tmp_path, begun):
                    time.sleep(0.05)
                process.send_signal(signal.SIGUSR1)
                return process.wait(120)
            finally:
                process.kill()

    return run


def program(name: str) -> Path:
    """A program of this environment."""
    return Path(sys.executable).with_name(name)


def _newer_sound(folder: Path, begun: float) -> bool:
    return any(path.stat().st_mtime > begun for path in folder.rglob("samples/*-resynthesis.wav"))
