"""A file is there whole, or as it was, whoever writes it."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import soundfile

from output.whole_files import refuse_no_place, written_whole


def test_a_file_is_replaced_when_all_went_well(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with written_whole(path) as partial:
        partial.write_text("all")
        assert not path.exists()
    assert path.read_text() == "all" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError("half"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_was_there_survives_a_failure(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("before")
    with pytest.raises(type(error)), written_whole(path) as partial:
        partial.write_text("hal")
        raise error
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), soundfile.LibsndfileError(2)])
def test_the_message_names_the_file(tmp_path, error):
    with pytest.raises(OSError) as raised, written_whole(tmp_path / "file.wav"):
        raise error
    assert raised.value.filename == str(tmp_path / "file.wav") and raised.value.strerror


def _write_fifty_times(path, number, barrier) -> None:
    barrier.wait()
    for _ in range(50):
        with written_whole(path) as partial, open(partial, "wb") as file:
            np.save(file, np.full(10_000, number))


def test_many_processes_and_their_threads_write_one_file(tmp_path):
    fork, path = get_context("fork"), tmp_path / ".reachable" / "same.npy"
    barrier = fork.Barrier(6)

    def job(number: int) -> None:
        with ThreadPoolExecutor(2) as threads:
            jobs = [threads.submit(_write_fifty_times, path, 2 * number + n, barrier) for n in range(2)]
        for each in jobs:
            each.result()

    processes = [fork.Process(target=job, args=(number,)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    kept = np.load(path)
    assert kept.shape == (10_000,) and len(set(kept)) == 1 and [*path.parent.iterdir()] == [path]


def test_what_a_killed_process_was_writing_goes_and_what_others_write_stays(tmp_path):
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    here = socket.gethostname()
    left, other = f".a.wav.{here}.{killed.pid}-0123abcd.tmp", f".b.wav.{here}.{killed.pid}-0123abcd.tmp"
    living = f".a.wav.{here}.{os.getpid()}-0123abcd.tmp"
    for name in (left, other, living):
        (tmp_path / name).touch()
    with written_whole(tmp_path / "a.wav") as partial:
        partial.write_text("all")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.wav", living, other])


@pytest.mark.parametrize("name", ["n" * 251 + ".wav", "\N{EIGHTH NOTE}" * 83 + ".wav", "[a]*.wav"])
def test_any_name_will_do(tmp_path, name):
    with written_whole(tmp_path / name) as partial:
        partial.write_text("all")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (steps.append("kept"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *paths: (steps.append("named"), replace(*paths)))
    with written_whole(tmp_path / "file") as partial:
        partial.write_text("all")
    assert steps == ["kept", "named", "kept"]


def test_a_place_is_refused_where_no_file_can_be(tmp_path):
    with pytest.raises(ValueError, match="is a folder: name a file to write"):
        refuse_no_place(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere does not exist: make it, or write elsewhere"):
        refuse_no_place(tmp_path / "nowhere" / "file.txt")
    refuse_no_place(tmp_path / "file.txt")
