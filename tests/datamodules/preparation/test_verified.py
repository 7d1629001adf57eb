"""A file is read through once, as long as it stays what it is."""

import os

import pytest

from datamodules.preparation.verified import Verified


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "set-0123" / "00000.audio.npy"
    path.parent.mkdir()
    path.write_bytes(b"sound")
    os.utime(path, ns=(10**18, 10**18))
    return path


def copied_over(path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(10**18, 10**18))
    os.replace(other, path)


def test_what_was_noted_holds_for_whoever_asks_later(file):
    Verified(file.parent).note({file: "aa"})
    assert Verified(file.parent).holds(file, "aa") and not Verified(file.parent).holds(file, "bb")


@pytest.mark.parametrize(
    "change",
    [lambda path: path.write_bytes(b"Sound"), lambda path: os.truncate(path, 4), copied_over, os.unlink],
    ids=["date", "size", "number", "gone"],
)
def test_whoever_changes_a_file_has_it_read_again(file, change):
    verified = Verified(file.parent)
    verified.note({file: "aa"})
    change(file)
    assert not verified.holds(file, "aa")


def test_what_is_noted_later_is_added(file):
    other = file.with_name("00000.pitch.npy")
    other.touch()
    Verified(file.parent).note({file: "aa"})
    Verified(file.parent).note({other: "bb"})
    assert Verified(file.parent).holds(file, "aa") and Verified(file.parent).holds(other, "bb")


@pytest.mark.parametrize("content", ["", "[", "[]", "7", '{"00000.audio.npy": 7}', "[" * 5000])
def test_a_damaged_note_is_none(file, content):
    verified = Verified(file.parent)
    verified.path.write_text(content)
    assert not verified.holds(file, "aa")
    verified.note({file: "aa"})
    assert verified.holds(file, "aa")


def test_where_nothing_can_be_written_nothing_is_noted(file):
    verified = Verified(file.parent)
    verified.path.mkdir()
    verified.note({file: "aa"})
    assert not verified.holds(file, "aa")
