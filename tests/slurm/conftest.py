"""A Slurm of the tests' own on this machine, with GPUs that are empty files, and jobs that train on tones."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[2]
OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")
PATIENCE_S = 300.0
"""A machine that does much else at the time takes minutes over what takes it seconds otherwise."""
SETTINGS = "SLURM_ SBATCH_ SRUN_ WANDB_ TIMBRE_ CC_CLUSTER SCRATCH MASTER_ MAX_RESTARTS".split()


class Slurm:
    """Commands to the tests' Slurm.

    Args:
        folder: of its configuration, state and logs, and of the jobs' output
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(tuple(SETTINGS))}
        self.environment |= {"SLURM_CONF": str(folder / "slurm.conf"), "TIMBRE_VENV": sys.prefix}
        self.environment |= {"TIMBRE_RUNS": str(folder / "runs"), "OMP_NUM_THREADS": "1"}

    def call(self, *command: object, user: int | None = None, **setting: object) -> subprocess.CompletedProcess[str]:
        """A command of Slurm, from the checkout, with variables of the environment; what it said, and its status."""
        environment = self.environment | {name: str(value) for name, value in setting.items()}
        words = [str(word) for word in command]
        return subprocess.run(words, cwd=ROOT, env=environment, user=user, group=user, capture_output=True, text=True)

    def submit(self, *options: object, user: int | None = None, **setting: object) -> str:
        """The number of a job, queued with options of sbatch, a script and its arguments."""
        setting["SBATCH_OUTPUT"] = self.output("%A_%a" if "array" in " ".join(map(str, options)) else "%j")
        done = self.call("sbatch", "--parsable", *options, user=user, **setting)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def kill(self, job: str) -> None:
        """SIGKILL to all processes of a job's tasks, as the kernel does when memory runs out; not to its script."""
        listed = self.call("scontrol", "listpids", self.field(job, "JobId"), "localhost").stdout
        processes = re.findall(r"^(\d+) +\d+ +\d+ ", listed, re.MULTILINE)
        assert processes, listed
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)

    def output(self, job: str) -> Path:
        """Where a job writes what it says."""
        return self.folder / "output" / f"{job}.out"

    def said(self, job: str) -> str:
        """What a job has said so far."""
        return self.output(job).read_text() if self.output(job).exists() else ""

    def field(self, job: str, name: str) -> str:
        """A field of `scontrol show job`, such as JobState or Restarts."""
        found = re.search(rf"\b{name}=(\S+)", self.call("scontrol", "show", "job", job).stdout)
        return found[1] if found else ""

    def wait(self, job: str, until: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
        """Return when something is so; fail, with what the job said, when it does not become so in time."""
        end_s = time.monotonic() + limit_s
        while not until():
            if time.monotonic() > end_s:
                pytest.fail(f"job {job}, {self.field(job, 'JobState')}: not {what}; it said:\n{self.said(job)[-6000:]}")
            time.sleep(0.2)

    def wait_for_end(self, job: str, limit_s: float = PATIENCE_S) -> str:
        """The state that a job ended in."""
        self.wait(job, lambda: self.field(job, "JobState") in OVER, "over", limit_s)
        return self.field(job, "JobState")

    def wait_for_text(self, job: str, text: str, limit_s: float = PATIENCE_S) -> None:
        """Return when a job has said something."""
        self.wait(job, lambda: text in self.said(job), f"saying {text!r}", limit_s)


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    """A Slurm on ports of its own, in a folder that every user may enter; stopped, with its jobs, at the end."""
    for program in ("munged", "slurmctld", "slurmd", "sbatch"):
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
            pytest.skip(f"{program} is not installed: apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("slurmd starts jobs as other users, so it must be root")
    folder = Path(tempfile.mkdtemp(prefix="timbre-slurm-"))
    folder.chmod(0o755)
    _configure(folder)
    daemons: list[subprocess.Popen[bytes]] = []
    cluster = Slurm(folder)
    try:
        daemons = _start(cluster)
        yield cluster
    finally:
        _stop(cluster, daemons)
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path) -> None:
    for name in ("state", "spool", "gpus", "output", "runs"):
        (folder / name).mkdir()
    for name in ("output", "runs"):
        (folder / name).chmod(0o777)
    ports = [_free_port(), _free_port()]
    text = (Path(__file__).parent / "slurm.conf").read_text()
    text = text.format(folder=folder, controller_port=ports[0], node_port=ports[1])
    (folder / "slurm.conf").write_text(text)
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    lines = []
    for node, listed in re.findall(r"^NodeName=(\S+) .*Gres=(\S+)", text, re.MULTILINE):
        for model, number in re.findall(r"gpu:([^:,]+):(\d+)", listed):
            files = [folder / "gpus" / f"{node}-{model}-{index}" for index in range(int(number))]
            for file in files:
                file.touch()
            lines.append(f"NodeName={node} Name=gpu Type={model} File={','.join(map(str, files))}\n")
    (folder / "gres.conf").write_text("".join(lines))
    key = folder / "munge.key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(128))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(cluster: Slurm) -> list[subprocess.Popen[bytes]]:
    folder = cluster.folder
    files = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid", "log-file": "munged.log"}
    files["seed-file"] = "munge.seed"
    munge = ["munged", "--foreground", "--force", *(f"--{option}={folder / name}" for option, name in files.items())]
    daemons = []
    for command in (munge, ["slurmctld", "-D", "-c"], ["slurmd", "-D", "-N", "localhost"]):
        environment = cluster.environment | {"PATH": os.environ["PATH"] + ":/usr/sbin"}
        with open(folder / f"{command[0]}.out", "wb") as log:
            daemons.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        time.sleep(0.5)
    end_s = time.monotonic() + 30
    while "idle" not in cluster.call("sinfo", "--noheader", "--nodes=localhost", "--format=%T").stdout:
        if time.monotonic() > end_s:
            logs = "\n".join(path.read_text() for path in sorted(folder.glob("*.out")))
            _stop(cluster, daemons)
            pytest.skip(f"Slurm does not start here:\n{logs[-3000:]}")
        time.sleep(0.2)
    return daemons


def _stop(cluster: Slurm, daemons: list[subprocess.Popen[bytes]]) -> None:
    if daemons and daemons[-1].poll() is None:
        cluster.call("scancel", "--user=root")
        cluster.call("scancel", "--user=nobody")
        end_s = time.monotonic() + 20
        while cluster.call("squeue", "--noheader").stdout.strip() and time.monotonic() < end_s:
            time.sleep(0.5)
    for daemon in reversed(daemons):
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()


@pytest.fixture(scope="session")
def experiment(slurm: Slurm) -> list[str]:
    """Options of an experiment of the project, shrunken, on twelve tones of one second."""
    root = slurm.folder / "tones"
    root.mkdir()
    time_s = np.arange(16000) / 16000
    for number in range(12):
        f0_hz = 220 * 2 ** (number / 12)
        tone = sum(np.sin(2 * np.pi * k * f0_hz * time_s) / k for k in range(1, 6))
        soundfile.write(root / f"tone-{number:02d}.wav", 0.2 * tone * np.exp(-time_s), 16000)
    _begin_with_compiled_code(slurm)
    return [
        *("-c", "configs/experiments/descriptor_recordings.yaml", "--data.root", str(root)),
        *("--model.encoder", "configs/encoders/autoencoder.yaml", "--model.decoder.width", "16"),
        *("--clip.n_samples", "8000", "--data.batch_size", "2", "--data.num_workers", "1"),
        *("--trainer.val_check_interval", "100", "--trainer.log_every_n_steps", "10"),
    ]


def _begin_with_compiled_code(slurm: Slurm) -> None:
    """A cache of compiled code for each task of a job, from that of these tests: half a minute less to wait."""
    cache = Path(os.environ["NUMBA_CACHE_DIR"])
    for task in ("", "0", "1"):  # sweep_array.sh has one task, in no folder of its own
        shutil.copytree(cache, slurm.folder / "numba" / task, dirs_exist_ok=True)
    slurm.environment["NUMBA_CACHE_DIR"] = str(slurm.folder / "numba")
