"""A run that was started three times is one run, with every row once: what `wandb` promises and we build on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import wandb

from tests.wandb.reader import BLOCK, history, messages

START = """
import os, sys, time
import numpy as np
import wandb

first, n_steps, killed = map(int, sys.argv[1:4])
run = wandb.init(
    project="interpretsynth", id="abc123", name="flute", resume="allow", group="ablation", job_type="train",
    tags=["Recordings"], config={"config": {"clip": {"hop": 160}}, "config_hash": "f00d"},
)
run.define_metric("trainer/global_step")
run.define_metric("*", step_metric="trainer/global_step")
for step in range(first, first + n_steps):
    run.log({"train/loss": 1 / (1 + step), "trainer/global_step": step})
    time.sleep(float(sys.argv[4]))
run.log({"samples/0": wandb.Audio(np.full(1600, 0.1), sample_rate=16000), "trainer/global_step": first + n_steps - 1})
run.summary["best/step"] = first
if killed:
    os.kill(os.getpid(), 9)
run.finish()
"""
SYNC = Path(__file__).parents[2] / "slurm" / "sync_wandb.sh"
current = pytest.mark.skipif(wandb.__version__ < "0.31", reason="older versions sync parts of a run one over the other")
STARTS = ((0, 7), (7, 5), (12, 4))
N_STEPS = 16


@pytest.fixture
def start(command, tmp_path):
    """First step, number of steps, W&B mode, pause after each, killed at its end -> exit code."""
    (tmp_path / "start.py").write_text(START)

    def run(first, n_steps, mode, pause_s=0.0, killed=False):
        arguments = (first, n_steps, int(killed), pause_s)
        return command("python", "start.py", *arguments, variables={"WANDB_MODE": mode})

    return run


def assert_one_run_with_every_row(server):
    """One run holds the rows of all starts, in order; none is there twice and none was replaced."""
    assert list(server.runs) == ["abc123"]
    run = server.runs["abc123"]
    assert run.n_starts == len(STARTS) and run.state == "finished" and not run.overwritten
    assert [row["trainer/global_step"] for row in run.history if "train/loss" in row] == list(range(N_STEPS))
    assert [row["_step"] for row in run.history] == list(range(N_STEPS + len(STARTS)))
    assert run.summary["best/step"] == 12
    assert (run.display_name, run.group, run.job_type, run.tags) == ("flute", "ablation", "train", ["Recordings"])
    assert run.config["config"] == {"clip": {"hop": 160}} and run.config["config_hash"] == "f00d"
    sounds = [name for name in run.files if name.endswith(".wav")]
    assert len(sounds) == len(STARTS) and all(run.files[name].startswith(b"RIFF") for name in sounds)


@current
def test_three_offline_starts_sync_to_one_run(start, command, server, tmp_path):
    for first, n_steps in STARTS:
        assert start(first, n_steps, "offline") == 0
    assert not server.runs
    assert command("wandb", "sync", "--yes", "wandb") == 0
    assert_one_run_with_every_row(server)


def test_three_online_starts_are_one_run(start, server):
    for first, n_steps in STARTS:
        assert start(first, n_steps, "online") == 0
    assert_one_run_with_every_row(server)


@current
def test_the_script_for_login_nodes_sends_all_parts(start, environment, server, tmp_path):
    """Also past a start that was killed before it logged anything, which by itself would stop the others, silently."""
    for first, n_steps in STARTS:
        assert start(first, n_steps, "offline") == 0
    early = tmp_path / "wandb" / "offline-run-20200101_000000-abc123"
    early.mkdir()
    (early / "run-abc123.wandb").write_bytes(b":W&B\x1e\xbe\x00")
    own = {**environment, "TIMBRE_SYNC_VENV": sys.prefix}
    said = subprocess.run(["bash", SYNC, tmp_path], env=own, check=True, capture_output=True, text=True).stdout
    assert "3 parts" in said
    assert_one_run_with_every_row(server)


@current
@pytest.mark.slow
def test_the_rows_before_a_kill_arrive_and_it_goes_on_after_them(start, command, server, tmp_path):
    """No finish, no farewell, but longer at it than the quarter of a minute between writes to the disk."""
    assert start(0, 40, "offline", pause_s=0.6, killed=True) == -9
    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    kept = [row["trainer/global_step"] for row in history(file) if "train/loss" in row]
    assert kept and kept == list(range(len(kept)))
    assert start(40, 5, "offline") == 0
    assert command("wandb", "sync", "--yes", "wandb") == 0
    run = server.runs["abc123"]
    assert not run.overwritten
    assert [row["trainer/global_step"] for row in run.history if "train/loss" in row] == [*kept, *range(40, 45)]


@current
def test_the_reader_sees_what_the_server_gets(start, command, server, tmp_path):
    """Row for row, over several blocks; of a file that is cut anywhere, all whole messages before the cut."""
    assert start(0, 600, "offline") == 0
    assert command("wandb", "sync", "--yes", "wandb") == 0
    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    read, arrived = history(file), server.runs["abc123"].history
    assert [row.get("train/loss") for row in read] == [row.get("train/loss") for row in arrived]
    assert len(read) == 601
    whole, content = list(messages(file)), file.read_bytes()
    assert len(content) > 2 * BLOCK
    cut = tmp_path / "cut.wandb"
    for size in range(0, len(content), 997):
        cut.write_bytes(content[:size])
        seen = list(messages(cut))
        assert seen == whole[: len(seen)]


def test_an_overwritten_row_is_noticed(server):
    """The server itself: a stream that begins again at 0 replaces rows, the same row sent again does not count."""
    server.upsert_bucket({"name": "abc123", "project": "interpretsynth"})
    rows = [json.dumps({"_step": step}) for step in range(3)]
    for offset, content in ((0, rows), (2, rows[2:]), (0, ['{"_step": 9}'])):
        server.stream("abc123", {"files": {"wandb-history.jsonl": {"offset": offset, "content": content}}})
    assert server.runs["abc123"].overwritten == rows[:1] and len(server.runs["abc123"].history) == 3
