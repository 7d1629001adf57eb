"""timbre prepare: shards from a folder, in slices, verified; every wrong use is one sentence."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from datamodules.preparation import preparation
from tests.datamodules.amp_space.layout_writer import RATE, Sweep, distortion, plucked
from timbre import main

EXPERIMENTS = Path(__file__).parents[2] / "configs" / "experiments"


@pytest.fixture
def root(tones, tmp_path):
    """Notes of one's own, none of them prepared."""
    return shutil.copytree(tones, tmp_path / "sounds", ignore=shutil.ignore_patterns(".*"))


@pytest.fixture
def prepare(root, tmp_path, tiny):
    """Run `timbre prepare` on the notes, with more options."""
    return lambda *options: main(["prepare", *options_of(root, tmp_path, tiny), *options])


def options_of(root, tmp_path, tiny) -> list[str]:
    return [*tiny(root, tmp_path / "runs"), "--data.cache", str(tmp_path / "cache")]


def shard_files(tmp_path) -> dict[str, bytes]:
    files = [path for path in (tmp_path / "cache").glob("*-*/*") if path.is_file()]
    return {str(path.relative_to(tmp_path / "cache")): path.read_bytes() for path in files}


def test_it_says_what_there_is_and_why_clips_are_left_out(prepare, root, tmp_path, capsys):
    (root / "words.wav").write_text("no sound")
    soundfile.write(root / "silence.wav", np.zeros(16000), 16000)
    prepare()
    printed = capsys.readouterr().out
    n_usable = [int(line.split()[1]) for line in printed.splitlines() if line.startswith(("train:", "valid:", "test:"))]
    assert len(n_usable) == 3 and sum(n_usable) == 12
    assert "2 skipped" in printed and "words.wav" in printed and "silent" in printed
    assert len(shard_files(tmp_path)) == 3 * 6 + 1 and not (tmp_path / "runs").exists()


def test_a_folder_in_which_nothing_can_be_used_is_one_sentence(tmp_path, tiny, refuses):
    (tmp_path / "bad").mkdir()
    for name in "abc":
        soundfile.write(tmp_path / "bad" / f"{name}.wav", np.zeros(16000), 16000)
    sentence = refuses("prepare", *options_of(tmp_path / "bad", tmp_path, tiny))
    assert "none of the 3 clips" in sentence and "silent" in sentence


def test_a_second_time_it_changes_nothing(prepare, tmp_path, capsys):
    prepare()
    before, printed = shard_files(tmp_path), capsys.readouterr()
    prepare()
    again = capsys.readouterr()
    assert shard_files(tmp_path) == before and again.out == printed.out
    assert "clip/s" in printed.err and "clip/s" not in again.err, "progress of nothing is not shown"


def test_slices_make_the_same_shards(prepare, tmp_path, capsys, monkeypatch):
    prepare()
    whole = shard_files(tmp_path)
    shutil.rmtree(tmp_path / "cache")
    prepare("--slice", "2/2")
    assert "Slice 2 of 2 is done" in capsys.readouterr().out
    prepare("--slice", "1/2")
    assert shard_files(tmp_path) == whole


@pytest.mark.parametrize("text", ["3", "0/2", "3/2", "a/b"])
def test_a_slice_that_is_none_is_refused(root, tmp_path, tiny, refuses, text):
    sentence = refuses("prepare", *options_of(root, tmp_path, tiny), "--slice", text)
    assert "--slice" in sentence and "3/16" in sentence and not (tmp_path / "cache").exists()


def test_what_changed_since_it_was_written_is_named(prepare, root, tmp_path, tiny, refuses, capsys):
    prepare("--verify", "true")
    assert "as it was written" in capsys.readouterr().out
    before = shard_files(tmp_path)
    (path,) = (tmp_path / "cache").glob("train-*/00000.audio.npy")
    content = path.read_bytes()
    date = path.stat()
    with open(path, "r+b") as file:  # as a disk does that loses a bit: neither size nor date nor number changes
        file.seek(-1, os.SEEK_END)
        file.write(bytes([content[-1] ^ 1]))
    os.utime(path, ns=(date.st_atime_ns, date.st_mtime_ns))
    prepare()  # finds nothing to do: only reading everything tells
    sentence = refuses("prepare", *options_of(root, tmp_path, tiny), "--verify", "true")
    assert str(path) in sentence and "run timbre prepare again" in sentence
    path.unlink()
    prepare("--verify", "true")
    assert shard_files(tmp_path) == before


@pytest.mark.parametrize("kind", ["audio.npy", "pitch.npy", "index.jsonl"])
def test_what_somebody_changed_is_named_and_made_again(prepare, tmp_path, kind):
    prepare()
    before = shard_files(tmp_path)
    (path,) = (tmp_path / "cache").glob(f"train-*/00000.{kind}")
    path.write_bytes(path.read_bytes()[:-2] + b"7\n")
    with pytest.warns(UserWarning, match=rf"{path} is not what was written"):
        prepare()
    assert shard_files(tmp_path) == before


def test_shards_of_another_format_are_not_mixed(prepare, root, tmp_path, tiny, refuses):
    prepare()
    (path,) = (tmp_path / "cache").glob("train-*/meta.json")
    meta = json.loads(path.read_text())
    meta["made_by"]["sample_rate"] = 44100
    path.write_text(json.dumps(meta))
    sentence = refuses("prepare", *options_of(root, tmp_path, tiny))
    assert "sample_rate 44100, not 16000" in sentence and "--data.cache" in sentence


def test_a_cache_that_cannot_be_written_is_named(root, tmp_path, tiny, refuses):
    (tmp_path / "cache").write_text("a file")
    assert "--data.cache" in refuses("prepare", *options_of(root, tmp_path, tiny))


def test_a_disk_that_is_full_is_one_sentence_and_it_goes_on(prepare, root, tmp_path, tiny, refuses, monkeypatch):
    def create(path, text):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(preparation, "create", create)
        sentence = refuses("prepare", *options_of(root, tmp_path, tiny))
    assert "No space left on device" in sentence and "plan-00000.json" in sentence
    prepare()
    assert len(shard_files(tmp_path)) == 3 * 6


def test_a_local_disk_without_room_is_one_sentence(root, tmp_path, tiny, refuses, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Room(100))
    sentence = refuses("prepare", *options_of(root, tmp_path, tiny), "--data.copy_to", str(tmp_path / "local"))
    assert "has room for" in sentence and "--data.copy_to" in sentence


class Room:
    """What is free on a disk."""

    def __init__(self, free: int) -> None:
        self.free = free


def test_after_it_the_shards_alone_train_a_model(prepare, root, tmp_path, tiny):
    prepare()
    shutil.rmtree(root)
    before = shard_files(tmp_path)
    main(["fit", *options_of(root, tmp_path, tiny), "--trainer.max_steps", "1", "--name", "bare"])
    assert (tmp_path / "runs" / "bare" / "checkpoints" / "last.ckpt").exists()
    assert shard_files(tmp_path) == before


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.4, 1.0, 2.0])
def test_killed_on_the_command_line_it_makes_the_same_shards(tmp_path, tiny, write_tone, after_s):
    """The whole way: a shell's process, SIGKILL, the same command again."""
    root = tmp_path / "sounds"
    for number in range(300):
        write_tone(root / f"tone-{number:03d}.wav", 200.0 + number)

    def command(cache: str) -> list[str]:
        options = [*tiny(root, tmp_path / "runs"), "--data.cache", str(tmp_path / cache)]
        return [sys.executable, "-c", "from timbre import main; main()", "prepare", *options]

    subprocess.run(command("whole"), check=True, capture_output=True)
    process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((tmp_path / "killed").glob("*/plan-*.json")):
        time.sleep(0.01)
    time.sleep(after_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    subprocess.run(command("killed"), check=True, capture_output=True)
    files = {path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()}
    assert files == {
        path.relative_to(tmp_path / "killed") for path in (tmp_path / "killed").rglob("*") if path.is_file()
    }
    for file in files:
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "killed" / file).read_bytes(), file


def test_preparing_needs_no_accelerator(prepare, tmp_path):
    """On the machine where the data is, not on the one that trains."""
    prepare("--trainer", str(EXPERIMENTS.parent / "trainers" / "gpu.yaml"))
    assert shard_files(tmp_path)


def test_a_manifest_is_for_pairs(root, tmp_path, tiny, refuses):
    assert "AmpSpace" in refuses("prepare", *options_of(root, tmp_path, tiny), "--manifest", "true")


def test_the_manifest_of_pairs_is_written_once(tmp_path, refuses, capsys):
    playing = tmp_path / "riff.wav"
    soundfile.write(playing, plucked([220.0, 330.0, 247.0]), RATE)
    pairs = tmp_path / "pairs"
    for name in ("One", "Two", "Three"):
        Sweep(distortion, [{"Gain": 0.5}], playing, name=name, lag=7).write(pairs)
    config = str(EXPERIMENTS / "descriptor_amp_space.yaml")
    options = ["prepare", "-c", config, "--data.root", str(pairs), "--runs", str(tmp_path), "--manifest", "true"]
    main(options)
    rows = [json.loads(line) for line in (pairs / "ampspace.jsonl").read_text().splitlines()]
    assert "Written" in capsys.readouterr().out and {row["split"] for row in rows} == {"train", "valid", "test"}
    assert "already" in refuses(*options)
