"""It counts from the lowest, across kills, and ends a training only where that was asked."""

import math
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.trainer.states import TrainerFn

from lightning_modules.callbacks import NoBetter
from studies.prospects import NO_BETTER


@pytest.fixture
def trainer():
    """A stand-in for a trainer of one process without a bar."""
    return SimpleNamespace(
        state=SimpleNamespace(fn=TrainerFn.FITTING), sanity_checking=False, should_stop=False, global_step=7,
        is_global_zero=True, progress_bar_callback=None, callback_metrics={},
    )  # fmt: skip


def validated(callback, trainer, *values):
    for value in values:
        trainer.callback_metrics = {"validation/reconstruction": torch.tensor(value)}
        callback.on_validation_end(trainer, None)
    return callback.n_since


def test_it_counts_from_the_lowest(trainer):
    callback = NoBetter()
    assert [validated(callback, trainer, value) for value in (3.0, 2.0, 2.5, 2.0, math.nan, 1.0)] == [0, 0, 1, 2, 3, 0]


def test_without_patience_it_goes_on_and_says_so_once(trainer, capsys):
    validated(NoBetter(), trainer, 1.0, *[2.0] * (NO_BETTER + 3))
    assert not trainer.should_stop
    assert capsys.readouterr().out == f"Step 7: no better for {NO_BETTER} validations; the best one is kept.\n"


def test_with_patience_it_ends(trainer):
    callback = NoBetter(patience=3)
    assert validated(callback, trainer, 1.0, 2.0, 2.0) == 2 and not trainer.should_stop
    assert validated(callback, trainer, 2.0) == 3 and trainer.should_stop


def test_what_it_counted_outlives_a_kill(trainer):
    callback, resumed = NoBetter(patience=3), NoBetter(patience=3)
    validated(callback, trainer, 1.0, 2.0, 2.0)
    resumed.load_state_dict(callback.state_dict())
    resumed.on_train_start(trainer, None)
    assert not trainer.should_stop
    assert validated(resumed, trainer, 1.5) == 3 and trainer.should_stop


def test_killed_after_its_last_validation_it_ends_at_once(trainer):
    callback, resumed = NoBetter(patience=1), NoBetter(patience=1)
    validated(callback, trainer, 1.0, 2.0)
    trainer.should_stop = False
    resumed.load_state_dict(callback.state_dict())
    resumed.on_train_start(trainer, None)
    assert trainer.should_stop


def test_other_validations_do_not_count(trainer):
    callback = NoBetter()
    trainer.state.fn = TrainerFn.VALIDATING
    assert validated(callback, trainer, 1.0, 2.0) == 0 and callback.lowest == math.inf


def test_no_patience_at_all_is_refused():
    with pytest.raises(ValueError, match="--patience 0: name 1 validation or more"):
        NoBetter(patience=0)
