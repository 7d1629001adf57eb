"""Files appear whole or not at all, whoever else writes."""

import errno
import os
import socket
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from output import replaced as module
from output.replaced import create, remove_leftovers, replaced

FORK = get_context("fork")


@pytest.fixture
def dead() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_when_all_went_well(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with replaced(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old" and temporary.parent == tmp_path
    assert path.read_text() == "new" and names(tmp_path) == ["file.txt"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), replaced(path) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "full")
    assert path.read_text() == "old" and names(tmp_path) == ["file.txt"]


def test_a_file_is_created_once(tmp_path):
    assert create(tmp_path / "plan", "first")
    assert not create(tmp_path / "plan", "second")
    assert (tmp_path / "plan").read_text() == "first" and names(tmp_path) == ["plan"]


def test_of_many_processes_one_creates_the_file(tmp_path):
    def job(number: int) -> None:
        barrier.wait()
        if create(tmp_path / "plan", str(number) * 100_000):
            (tmp_path / f"winner{number}").touch()

    barrier = FORK.Barrier(8)
    processes = [FORK.Process(target=job, args=(number,)) for number in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    plan, winner = names(tmp_path)
    assert (tmp_path / plan).read_text() == winner[-1] * 100_000


def test_a_disk_without_links_will_do(tmp_path, monkeypatch):
    def link(*paths):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    assert create(tmp_path / "plan", "first") and not create(tmp_path / "plan", "second")
    assert (tmp_path / "plan").read_text() == "first" and names(tmp_path) == ["plan"]


def test_a_full_disk_creates_nothing(tmp_path, monkeypatch):
    def link(*paths):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(OSError, match="No space"):
        create(tmp_path / "plan", "first")
    assert names(tmp_path) == []


def test_leftovers_of_the_killed_go_and_those_of_the_living_stay(tmp_path, dead, monkeypatch):
    here = socket.gethostname()
    kept = [f".a.npy.{here}.{os.getpid()}.tmp", ".a.npy.elsewhere.1.tmp", ".swap.tmp", "notes.1.tmp", ".a.npy"]
    gone = [f".a.npy.{here}.{dead}.tmp", f".a.{'9' * 30}.{here}.{dead}.tmp", f".a.{here}.{'9' * 30}.tmp"]
    for name in kept + gone:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted(kept)
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 2 * 24 * 3600)
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted(kept[2:]), (
        "what is of another machine, or of another process of that number, is old"
    )


def test_a_process_that_nobody_has_waited_for_is_dead(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still listed
    leftover = tmp_path / f".a.npy.{socket.gethostname()}.{process.pid}.tmp"
    leftover.touch()
    remove_leftovers(tmp_path)
    assert not leftover.exists() or not Path("/proc/self/stat").exists()
    process.wait()


def test_leftovers_are_no_matter_where_nothing_can_be_written(tmp_path, dead, monkeypatch):
    def unlink(path):
        raise PermissionError(errno.EROFS, "Read-only file system")

    (tmp_path / f".a.{socket.gethostname()}.{dead}.tmp").touch()
    monkeypatch.setattr(os, "unlink", unlink)
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "absent")


def test_what_is_there_already_is_not_written_again(tmp_path):
    path = tmp_path / "file"
    module.update(path, b"one")
    before = path.stat()
    module.update(path, b"one")
    assert path.read_bytes() == b"one" and path.stat().st_mtime_ns == before.st_mtime_ns
    module.update(path, b"two")
    assert path.read_bytes() == b"two" and [*tmp_path.iterdir()] == [path]
