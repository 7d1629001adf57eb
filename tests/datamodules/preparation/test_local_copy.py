"""Shards are copied whole, once, and only where there is room."""

import errno
import hashlib
import os
import socket
import subprocess
import sys
from collections import namedtuple

import pytest

from datamodules.preparation import local_copy
from datamodules.preparation.local_copy import copy_files

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"0000{number}.audio.npy" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 1000)
        os.utime(path, ns=(10**18, 10**18 + number))
    return paths


def sums(paths) -> dict:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_are_copied_with_content_and_date(files, tmp_path):
    copy_files(sums(files), tmp_path / "deep" / "local")
    assert names(tmp_path / "deep" / "local") == names(files[0].parent)[:3]
    for path in files:
        copy = tmp_path / "deep" / "local" / path.name
        assert copy.read_bytes() == path.read_bytes() and copy.stat().st_mtime_ns == path.stat().st_mtime_ns


def test_what_is_there_is_not_copied_again(files, tmp_path, monkeypatch):
    copied, copy = [], local_copy._copied
    monkeypatch.setattr(local_copy, "_copied", lambda *paths: copied.append(paths[0]) or copy(*paths))
    copy_files(sums(files[:2]), tmp_path / "local")
    copy_files(sums(files), tmp_path / "local")
    assert copied == files
    files[0].write_bytes(b"x" * 1000)  # as large, but later
    (tmp_path / "local" / files[1].name).write_bytes(b"half")
    copy_files(sums(files), tmp_path / "local")
    assert copied == [*files, *files[:2]]
    assert all((tmp_path / "local" / path.name).read_bytes() == path.read_bytes() for path in files)


@pytest.mark.parametrize("free, fits", [(3000, True), (2999, False), (0, False)])
def test_what_does_not_fit_is_refused_before_anything_is_copied(files, tmp_path, monkeypatch, free, fits):
    monkeypatch.setattr(local_copy.shutil, "disk_usage", lambda folder: Usage(10**6, 0, free))
    if fits:
        copy_files(sums(files), tmp_path / "local")
    else:
        with pytest.raises(OSError, match=r"room for .* GB.*leave out --data\.copy_to"):
            copy_files(sums(files), tmp_path / "local")
    assert names(tmp_path / "local") == ([path.name for path in files] if fits else [])


def test_only_what_is_missing_must_fit(files, tmp_path, monkeypatch):
    copy_files(sums(files[:2]), tmp_path / "local")
    monkeypatch.setattr(local_copy.shutil, "disk_usage", lambda folder: Usage(10**6, 0, 1000))
    copy_files(sums(files), tmp_path / "local")
    monkeypatch.setattr(local_copy.shutil, "disk_usage", lambda folder: Usage(10**6, 0, 0))
    copy_files(sums(files), tmp_path / "local")


def test_a_copy_that_breaks_off_leaves_whole_files_only(files, tmp_path, monkeypatch):
    def copy(source, target):
        target.write_bytes(source.read_bytes()[:500])
        if source == files[1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(source, target)

    whole = local_copy._copied
    monkeypatch.setattr(local_copy, "_copied", copy)
    with pytest.raises(OSError, match="No space"):
        copy_files(sums(files), tmp_path / "local")
    assert names(tmp_path / "local") == [files[0].name]


def test_what_is_not_what_was_written_is_named_and_not_kept(files, tmp_path):
    written = sums(files)
    files[1].write_bytes(b"\1" * 999 + b"\0")
    with pytest.raises(ValueError, match=rf"{files[1]} .*sha256.* run timbre prepare"):
        copy_files(written, tmp_path / "local")
    assert names(tmp_path / "local") == [files[0].name]


def test_what_a_killed_copy_left_makes_room(files, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    leftover = tmp_path / "local" / f".00000.audio.npy.{socket.gethostname()}.{process.pid}.tmp"
    leftover.parent.mkdir()
    leftover.write_bytes(b"half")
    copy_files(sums(files), tmp_path / "local")
    assert names(tmp_path / "local") == [path.name for path in files]


def test_a_folder_that_cannot_be_is_an_error(files, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        copy_files(sums(files), tmp_path / "file" / "below")


def test_nothing_to_copy_makes_no_folder(tmp_path):
    copy_files({}, tmp_path / "local")
    assert not (tmp_path / "local").exists()
