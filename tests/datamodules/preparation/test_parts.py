"""Units wait for their shard, whole, and only while they are what is asked for."""

import errno

import numpy as np
import pytest

from datamodules import FileSound, Heard, Source
from datamodules.preparation.examine import ExaminedClip, Quantised
from datamodules.preparation.parts import Stamped, Unit, WaitingUnits
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=320, hop=160)


def unit(*names: str, stamp: str = "1") -> Unit:
    return Unit(3, 7, [Stamped(Source(name, FileSound(f"{name}.wav"), {"number": 1.0}), stamp) for name in names])


def found(level: int = 5) -> ExaminedClip:
    pitch = np.full((2, 2), level, np.float32)
    return ExaminedClip(Quantised(np.full(320, level, np.int16), 0.5), None, pitch, Heard(float(level), 1, 1))


@pytest.fixture
def parts(tmp_path) -> WaitingUnits:
    return WaitingUnits(tmp_path / "parts", CLIP)


def test_a_unit_comes_back_as_it_was(parts):
    parts.write(unit("a", "b", "c"), [found(1), "b.wav is torn.", found(3)])
    path = parts.path(3, 7)
    assert parts.rows(path, "audio")[:, 0].tolist() == [1, 3] and parts.rows(path, "audio").dtype == np.int16
    assert parts.rows(path, "pitch").shape == (2, 2, 2) and parts.rows(path, "untouched").shape == (0, 320)
    assert [line["name"] for line in parts.lines(path)] == ["a", "b", "c"]
    assert parts.lines(path)[1] == {"name": "b", "problem": "b.wav is torn.", "stamp": "1"}


def test_what_is_asked_for_must_be_there_as_it_is_now(parts):
    assert not parts.holds(unit("a"))
    parts.write(unit("a", "b"), [found(), "b.wav is torn."])
    assert parts.holds(unit("a", "b")) and parts.holds(unit("b")) and parts.holds(unit())
    assert not parts.holds(unit("a", "b", "c"))
    assert not parts.holds(unit("a", stamp="2"))


@pytest.mark.parametrize("n_bytes", [0, 1, 100, -1, -100])
def test_a_unit_that_was_cut_short_is_not_there(parts, n_bytes):
    parts.write(unit("a"), [found()])
    path = parts.path(3, 7)
    path.write_bytes(path.read_bytes()[:n_bytes])
    assert not parts.holds(unit("a"))


def test_a_damaged_unit_is_named(parts):
    parts.write(unit("a"), [found()])
    path = parts.path(3, 7)
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"00003-0007\.npz is damaged: delete it"):
        parts.rows(path, "audio")
    with pytest.raises(FileNotFoundError):
        parts.rows(parts.path(3, 8), "audio")


def test_a_full_disk_leaves_nothing(parts, monkeypatch):
    def savez(file, **content):
        file.write(b"PK half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(OSError, match="No space"):
        parts.write(unit("a"), [found()])
    assert list(parts.folder.iterdir()) == []


def test_what_waits_is_listed_and_removed_by_shard(parts):
    parts.write(unit("a"), [found()])
    parts.write(unit("b")._replace(shard=4), [found()])
    (parts.folder / "not-a-part.npz").touch()
    assert parts.shards() == {3, 4}
    parts.remove(3)
    assert parts.shards() == {4}
