"""sync_wandb.sh, with a wandb that only says what it was asked."""

import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slurm

SCRIPT = Path(__file__).parents[2] / "slurm" / "sync_wandb.sh"


def _sync(folder: Path, version: str, *args: object) -> subprocess.CompletedProcess[str]:
    programs = folder / "venv" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    words = {"wandb": 'printf "%s\\n" "$@" >> "$ASKED"; [[ $* != *broken* ]]', "python": f"echo {version}"}
    for name, command in words.items():
        (programs / name).write_text(f"#!/bin/bash\n{command}\n")
        (programs / name).chmod(0o755)
    environment = os.environ | {"TIMBRE_SYNC_VENV": str(folder / "venv"), "ASKED": str(folder / "asked")}
    call = ["bash", str(SCRIPT), *map(str, args)]
    return subprocess.run(call, env=environment, capture_output=True, text=True)


def _parts(run: Path, *dates: str) -> list[str]:
    folders = [run / "wandb" / f"offline-run-{date}-abc" for date in dates]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "run-abc.wandb").write_bytes(bytes(8))
    return [str(folder) for folder in folders]


def test_all_parts_of_a_run_are_sent_together_and_in_order(tmp_path: Path) -> None:
    """Wherever below the root the run is, a blank in its name included."""
    late, early = _parts(tmp_path / "runs" / "one run", "20260102_000000", "20260101_000000")
    point = _parts(tmp_path / "runs" / "sweep" / "sweep-000", "20260103_000000")
    done = _sync(tmp_path, "0.31.0", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").read_text().splitlines() == ["sync", "--yes", early, late, "sync", "--yes", *point]
    assert "one run: 2 parts" in done.stdout


def test_a_run_that_cannot_be_sent_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """It is named, and the script's status tells."""
    _parts(tmp_path / "runs" / "broken", "20260101_000000")
    other = _parts(tmp_path / "runs" / "other", "20260101_000000")
    done = _sync(tmp_path, "0.31.0", tmp_path / "runs")
    assert done.returncode == 1
    assert "not sent" in done.stderr and "broken" in done.stderr
    assert other[0] in (tmp_path / "asked").read_text()


@pytest.mark.parametrize("version, accepted", [("0.24.0", False), ("0.30.9", False), ("0.31.0", True), ("1.0", True)])
def test_a_wandb_that_would_lose_parts_is_refused(tmp_path: Path, version: str, accepted: bool) -> None:
    """In one sentence, before anything is sent."""
    _parts(tmp_path / "runs" / "one", "20260101_000000")
    done = _sync(tmp_path, version, tmp_path / "runs")
    assert done.returncode == (0 if accepted else 2)
    assert (tmp_path / "asked").exists() == accepted
    assert accepted or (version in done.stderr and done.stderr.count("\n") == 1)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Before an environment is made."""
    done = _sync(tmp_path, "0.31.0", tmp_path / "none")
    assert done.returncode == 2 and str(tmp_path / "none") in done.stderr
