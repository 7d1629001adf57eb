"""The demo, shortened: every file it promises, and what its last lines say."""

import os
import re
import signal

import pytest

from studies.run_lock import RunLock
from timbre import main
from timbre.shipped import shipped_voice


@pytest.mark.slow
def test_the_demo_writes_what_it_promises(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sizes = ["--data.n_train", "16", "--data.n_valid", "8", "--data.n_test", "8"]
    for max_steps in (3, 30):  # the second time in the place of the first
        main(["demo", *sizes, "--trainer.max_steps", str(max_steps), "--trainer.val_check_interval", "3"])
    folder = tmp_path / "runs" / "demo"
    assert {path.name for path in folder.parent.iterdir()} == {"demo", *(["demo-voice"] if shipped_voice() else [])}
    assert "max_steps: 30" in (folder / "config.yaml").read_text()
    audio = {path.name for path in (folder / "audio").iterdir()}
    assert audio == {"target.wav", "resynthesis.wav", *(f"sharpness-0.{p}.wav" for p in (1, 3, 5, 7, 9))}
    page = (folder / "report.html").read_text()
    sounds = 2 * 5 + 3 * 2  # two notes with a slider for each of five knobs; three clips beside their recordings
    assert page.count('data-sound="data:audio/') == sounds and not re.search(r'(src|href)="https?://', page)
    assert "validation/reconstruction over optimiser steps" in page and "timbre knobs runs/demo" in page
    printed = capsys.readouterr().out
    assert "Held-out notes" in printed and "Next:" in printed
    assert "Written: runs/demo/metrics.json" in printed and "demo.new" not in printed
    asked, measured = (
        re.search(rf"^  {word} +(.*)$", printed, re.MULTILINE)[1].split() for word in ("asked", "measured")
    )
    assert len(asked) == len(measured) == 5
    assert "(as the decoder plays it" in printed


def files(folder):
    """What is in a folder, with its content."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def made(tmp_path):
    """A folder that looks as the demo leaves it."""
    folder = tmp_path / "runs" / "demo"
    (folder / "audio").mkdir(parents=True)
    for name in ("config.yaml", "config.first.yaml", "audio/target.wav"):
        (folder / name).write_text("as it was")
    return folder


@pytest.mark.parametrize("option", [["--trainer.max_stepz", "3"], ["--trainer.max_steps", "many"], ["--clip.hop", "7"]])
def test_a_wrong_option_leaves_what_was_there(option, made, refuses):
    before = files(made.parent)
    assert option[0].rpartition(".")[2] in refuses("demo", "--runs", made.parent, *option)
    assert files(made.parent) == before and [path.name for path in made.parent.iterdir()] == ["demo"]


def test_a_demo_that_fails_leaves_what_was_there(made, refuses, monkeypatch):
    monkeypatch.setattr("timbre.demo.shipped_voice", lambda: None)

    def fails(*_):
        raise ValueError("the disk is full")

    before = files(made.parent)
    monkeypatch.setattr("timbre.experiment.run_experiment", fails)
    assert "the disk is full" in refuses("demo", "--runs", made.parent)
    assert files(made.parent) == before and [path.name for path in made.parent.iterdir()] == ["demo"]


@pytest.mark.parametrize("change", ["audio/target.wav", "config.yaml"])
def test_a_run_of_ones_own_in_its_place_is_not_removed(change, made, refuses):
    """Trained there with `timbre fit -c demo.yaml`, or trained on."""
    if change == "audio/target.wav":
        (made / change).unlink()
    else:
        (made / change).write_text("other settings")
    before = files(made)
    assert "did not make" in refuses("demo", "--runs", made.parent)
    assert files(made) == before


def test_a_second_demo_waits_for_the_first(made, refuses, monkeypatch):
    monkeypatch.setattr("timbre.experiment.run_experiment", lambda *_: None)
    (made.parent / "demo.new").mkdir()
    child, told = lock_in_a_child(made.parent / "demo.new")
    os.read(told, 1)
    assert "is being trained by process" in refuses("demo", "--runs", made.parent)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def lock_in_a_child(folder):
    """Id of a process that holds a lock until it is killed, and where it says that it does."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        lock = RunLock(folder)
        lock.take()
        os.write(tell, b"x")
        signal.pause()
    return child, told
