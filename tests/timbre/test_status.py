"""`timbre status`: what needs somebody comes first."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from studies.run_folder import RunFolder
from timbre import main


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three runs; there is no Slurm."""
    monkeypatch.setattr("timbre.status.jobs", lambda: None)
    for name in ("a_tested", "b_stopped", "c_failed"):
        folder = RunFolder(tmp_path / name)
        folder.last.parent.mkdir(parents=True)
        folder.config.write_text(yaml.safe_dump({"trainer": {"max_steps": 100}}))
        folder.last.write_bytes(b"weights")
    RunFolder(tmp_path / "a_tested").say_done(tested=True)
    RunFolder(tmp_path / "c_failed").say_failed("the term knobs was not finite.")
    return tmp_path


def test_what_needs_somebody_comes_first_in_eighty_columns(runs, capsys, monkeypatch):
    monkeypatch.chdir(runs.parent)
    main(["status", runs.name])
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert [word for word in said.split() if word in ("failed", "stopped", "tested")][:3] == [
        "failed",
        "stopped",
        "tested",
    ]
    assert "1 failed, 1 stopped, 1 tested" in lines
    assert f"{runs.name}/c_failed: the term knobs was not finite." in lines
    assert f"{runs.name}/b_stopped: timbre fit {runs.name}/b_stopped --resume true" in lines
    assert max(map(len, lines[: lines.index("1 failed, 1 stopped, 1 tested")])) <= 80
    assert "100 of 100" in said and "– of 100" in said


def test_a_line_of_json_for_each(runs, capsys):
    main(["status", str(runs), "--json"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(one["run"]).name for one in found] == ["c_failed", "b_stopped", "a_tested"]
    assert found[2]["state"] == "tested" and found[2]["steps"] == 100


def test_wrong_places_are_named(runs, refuses):
    assert "nowhere does not exist" in refuses("status", runs / "nowhere")
    assert "holds no run" in refuses("status", runs / "a_tested" / "checkpoints")


def test_it_starts_without_what_takes_long():
    read = "import sys, timbre.status; sys.exit(bool({'torch', 'wandb', 'librosa', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", read], cwd=Path(__file__).parents[2], timeout=60).returncode == 0
