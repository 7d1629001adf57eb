"""What a test is told by an earlier one: which batches are done, and whether they count."""

from types import SimpleNamespace

import pytest
import torch

from evaluation.keeping import Keeping, KeepingEnds, all_together, fingerprint_of, place_of, some_of
from synths import Clip


@pytest.fixture
def trainer(tmp_path):
    """Has a split of five notes in batches of two, and of these the first and the last."""
    data = SimpleNamespace(
        batch_size=2,
        test_batches=[0, 2],
        tested=frozenset(),
        datasets={"test": range(5)},
        test_identity=lambda: b"five",
    )
    strategy = SimpleNamespace(root_device=torch.device("cpu"))
    alone = {"world_size": 1, "global_rank": 0, "is_global_zero": True, "limit_test_batches": 1.0}
    return SimpleNamespace(default_root_dir=str(tmp_path), datamodule=data, strategy=strategy, callbacks=[], **alone)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "best.ckpt"
    path.write_bytes(b"weights")
    return path


def batch_of(n):
    frames = torch.zeros(n, 1)
    return Clip(frames, frames, frames, ["note"] * n, {})


def test_numbers_of_notes(trainer):
    """Place in the batch and number in the split, whichever batches the process has."""
    assert list(place_of(trainer, batch_of(2), 0)) == [(0, 0), (1, 1)]
    assert list(place_of(trainer, batch_of(1), 1)) == [(0, 4)]


def test_complete_batches_are_left_out_of_the_next_test(trainer, checkpoint, capsys):
    """By number in the split; a note of a batch that is not complete is kept too. The last callback clears up."""
    first = Keeping(checkpoint, {"n_notes": 3})
    first.setup(trainer, None, "test")
    first.journal.add("knobs", "0", 1.5)
    KeepingEnds(first).on_test_batch_end(trainer, None, None, batch_of(2), 0)
    first.journal.add("knobs", "4", 2.5)
    second = Keeping(checkpoint, {"n_notes": 3})
    second.setup(trainer, None, "test")
    assert trainer.datamodule.tested == {0} and second.journal.of("knobs") == {"0": 1.5, "4": 2.5}
    second.progress.expect("turned knobs", 2, 60.0)
    second.n_to_turn = 2
    second.on_test_batch_start(trainer, None, batch_of(2), 0)
    said = capsys.readouterr().out
    assert said == "Testing 5 notes, 2 of them kept from an earlier test, knobs of 2 to turn: about 2 min.\n"
    KeepingEnds(second).on_test_end(trainer, None)
    assert not second.journal.folder.exists() and not trainer.datamodule.tested


@pytest.mark.parametrize("what", ["checkpoint", "settings", "notes"])
def test_what_else_is_tested_is_said(trainer, checkpoint, what, capsys):
    """In a word each."""
    first = Keeping(checkpoint, {"n_notes": 3})
    first.setup(trainer, None, "test")
    KeepingEnds(first).on_test_batch_end(trainer, None, None, batch_of(2), 0)
    if what == "checkpoint":
        checkpoint.write_bytes(b"others")
    if what == "notes":
        trainer.datamodule.test_identity = lambda: b"six"
    second = Keeping(checkpoint, {"n_notes": 4 if what == "settings" else 3})
    second.setup(trainer, None, "test")
    assert trainer.datamodule.tested == frozenset() and f"({what})" in capsys.readouterr().out


def test_code_and_batches_make_the_fingerprint(trainer, checkpoint, monkeypatch):
    """A later version begins afresh, and so do batches of another size."""
    before = fingerprint_of(trainer, checkpoint, {})
    monkeypatch.setattr("evaluation.keeping.provenance", lambda: {"version": "9", "git": "f"})
    trainer.datamodule.batch_size = 3
    after = fingerprint_of(trainer, checkpoint, {})
    assert {what for what in before if before[what] != after[what]} == {"code", "settings"}


def test_with_a_limit_every_batch_is_dealt(trainer, checkpoint):
    """Left out, it would let in another that is not to be tested."""
    first = Keeping(checkpoint)
    first.setup(trainer, None, "test")
    trainer.limit_test_batches = 1
    first.setup(trainer, None, "test")
    KeepingEnds(first).on_test_batch_end(trainer, None, None, batch_of(2), 0)
    Keeping(checkpoint).setup(trainer, None, "test")
    assert trainer.datamodule.tested == frozenset()


def test_a_fit_opens_nothing(trainer, checkpoint, tmp_path):
    Keeping(checkpoint).setup(trainer, None, "fit")
    assert not (tmp_path / "examination").exists()


def test_processes_wait_for_each_other(trainer, checkpoint):
    """And know then what all found."""
    keepings = []
    for rank in (0, 1):
        trainer.global_rank = rank
        keepings.append(Keeping(checkpoint))
        keepings[-1].setup(trainer, None, "test")
        keepings[-1].journal.add("knobs", str(rank), rank)
    waited = []
    trainer.world_size, trainer.strategy.barrier = 2, lambda: waited.append(True)
    all_together(trainer, keepings[0].journal)
    assert waited == [True] and keepings[0].journal.of("knobs") == {"0": 0, "1": 1}


def test_some_of_a_batch():
    """Every field of the chosen notes, in order."""
    frames = torch.arange(4.0)[:, None].repeat(1, 5)
    clips = Clip(frames.repeat(1, 10), frames, frames, ["a", "b", "c", "d"], {"pitch": torch.arange(4)})
    some = some_of(clips, [3, 1])
    assert some.name == ["d", "b"] and some.labels["pitch"].tolist() == [3, 1]
    assert some.audio[:, 0].tolist() == some.f0_hz[:, 0].tolist() == some.confidence[:, 0].tolist() == [3.0, 1.0]
