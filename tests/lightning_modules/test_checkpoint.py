"""A checkpoint is there whole, or as it was; what is none of ours is refused in a sentence."""

import os
from pathlib import Path

import pytest
import torch

from lightning_modules.checkpoint import load_model, refuse_unreadable
from lightning_modules.whole_checkpoints import WholeCheckpoints

BEFORE, AFTER = {"weights": torch.zeros(1000)}, {"weights": torch.ones(1000)}


@pytest.fixture
def path(tmp_path):
    """Path of a checkpoint that is there already."""
    path = tmp_path / "checkpoints" / "last.ckpt"
    WholeCheckpoints().save_checkpoint(BEFORE, path)
    return path


def read(path: Path) -> torch.Tensor:
    return torch.load(path, weights_only=True)["weights"]


def test_a_checkpoint_replaces_the_one_before(path):
    WholeCheckpoints().save_checkpoint(AFTER, str(path))
    assert read(path).equal(AFTER["weights"]) and list(path.parent.iterdir()) == [path]


def test_it_is_on_the_disk_before_it_has_its_name(path, monkeypatch):
    """Renamed first, a machine that loses power would leave an empty file in the place of a whole one."""
    said = []
    for name in ("fsync", "replace"):
        plain = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, plain=plain: said.append(name) or plain(*args))
    WholeCheckpoints().save_checkpoint(AFTER, path)
    assert said == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("where", ["torch.save", "os.fsync", "os.replace"])
def test_a_process_killed_in_the_middle_leaves_the_old_one(path, monkeypatch, where):
    """With half of the new one beside it, which the next save writes over."""

    def killed(*args):
        if where == "torch.save":
            args[1].write(b"half of it")
            args[1].flush()
        os._exit(9)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(where, killed)
        try:
            WholeCheckpoints().save_checkpoint(AFTER, path)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(list(path.parent.iterdir())) == 2
    assert read(path).equal(BEFORE["weights"])
    WholeCheckpoints().save_checkpoint(AFTER, path)
    assert read(path).equal(AFTER["weights"]) and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("half"), OSError(28, "No space left on device")])
def test_a_save_that_fails_leaves_the_old_one(path, monkeypatch, error):
    def fail(*args):
        raise error

    monkeypatch.setattr("torch.save", fail)
    with pytest.raises(type(error)):
        WholeCheckpoints().save_checkpoint(AFTER, path)
    assert read(path).equal(BEFORE["weights"]) and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("read_by", [refuse_unreadable, load_model])
@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04half"])
def test_what_is_no_checkpoint_is_refused_by_name(tmp_path, read_by, content):
    path = tmp_path / "last.ckpt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"last\.ckpt is not a checkpoint that can be read"):
        read_by(path)


def test_a_checkpoint_that_is_cut_anywhere_is_refused(path):
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ValueError, match="can be read"):
            refuse_unreadable(path)


@pytest.mark.parametrize("read_by", [refuse_unreadable, load_model])
def test_a_checkpoint_of_something_else_is_refused(path, read_by):
    with pytest.raises(ValueError, match="not of InterpretSynth"):
        read_by(path)


@pytest.mark.parametrize("read_by", [refuse_unreadable, load_model])
def test_a_checkpoint_that_is_not_there_is_named(tmp_path, read_by):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*last\.ckpt"):
        read_by(tmp_path / "last.ckpt")


def test_a_full_disk_is_said_as_one(path, monkeypatch):
    """Torch has another word for it."""

    def full(*_):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 704 vs 598")

    monkeypatch.setattr("torch.save", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*last\.ckpt'"):
        WholeCheckpoints().save_checkpoint(AFTER, path)
    assert read(path).equal(BEFORE["weights"]) and list(path.parent.iterdir()) == [path]
