"""A sweep of three points as an array, through sweep_array.sh as it is."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def sweep(slurm: Any) -> Path:
    """A file of three points."""
    path = slurm.folder / "seeds.yaml"
    content = {
        "method": "grid",
        "metric": {"name": "test/multi_resolution_stft", "goal": "minimize"},
        "run_cap": 3,
        "command": ["${env}", "timbre", "fit", "--resume", "true", "--test", "true", "${args}"],
        "parameters": {"seed_everything": {"values": [0, 1, 2]}},
    }
    path.write_text("# How much does the seed change?\n" + yaml.safe_dump(content, sort_keys=False))
    return Path(path)


def _point(slurm: Any, index: int) -> Path:
    return Path(slurm.folder / "runs" / "seeds" / f"seeds-{index:03d}")


def _identity(slurm: Any, index: int) -> tuple[str, int]:
    """A point's W&B id, and the value that was swept."""
    config = yaml.safe_load((_point(slurm, index) / "config.first.yaml").read_text())
    return (_point(slurm, index) / "wandb_id").read_text(), config["seed_everything"]


def test_a_killed_point_leaves_the_others_alone_and_goes_on_as_itself(
    slurm: Any, experiment: list[str], sweep: Path
) -> None:
    """The same point, the same W&B run; when all are done, the array does nothing."""
    steps = ("--trainer.max_steps", "120", "--trainer.val_check_interval", "120")
    options = ("--array=0-2", "slurm/sweep_array.sh", sweep, *experiment, *steps)
    array = slurm.submit(*options)
    tasks = [f"{array}_{index}" for index in range(3)]
    last = _point(slurm, 1) / "checkpoints" / "last.ckpt"
    slurm.wait(tasks[1], last.exists, "saving")
    slurm.kill(tasks[1])
    assert slurm.wait_for_end(tasks[1]) == "FAILED"
    before = _identity(slurm, 1)
    assert slurm.call("scontrol", "requeue", tasks[1]).returncode == 0

    assert [slurm.wait_for_end(task, 300) for task in tasks] == ["COMPLETED"] * 3, slurm.said(tasks[1])
    assert [slurm.field(task, "Restarts") for task in tasks] == ["0", "1", "0"]
    assert all((_point(slurm, index) / "DONE").exists() for index in range(3))
    assert _identity(slurm, 1) == before
    first, second = re.findall(r"Training from step (\d+) on", slurm.said(tasks[1]))
    assert int(first) == 0 and int(second) >= 50
    identities = [_identity(slurm, index) for index in range(3)]
    assert len({wandb_id for wandb_id, _ in identities}) == 3
    assert [seed for _, seed in identities] == [0, 1, 2]

    written = {path: path.lstat().st_mtime_ns for path in _point(slurm, 1).rglob("*")}
    again = slurm.submit(*options)
    assert [slurm.wait_for_end(f"{again}_{index}") for index in range(3)] == ["COMPLETED"] * 3
    assert {path: path.lstat().st_mtime_ns for path in _point(slurm, 1).rglob("*")} == written
