"""A point that lies behind ends at the comparison, and not a validation earlier or later."""

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.trainer.states import TrainerFn

from lightning_modules.callbacks import EndBehind
from studies.run_curves import curve_row, write_curve_rows
from studies.run_folder import RunFolder

FIGURE = "validation/reconstruction"


@pytest.fixture
def sweep(tmp_path):
    """Two points that were at 1.0 and 2.0 after their second validation."""
    for name, value in (("a", 1.0), ("b", 2.0)):
        (tmp_path / name).mkdir()
        rows = [curve_row(step, 1.0, {FIGURE: value}) for step in (10, 20)]
        write_curve_rows(RunFolder(tmp_path / name), rows)
    return tmp_path


def training(folder, fn=TrainerFn.FITTING):
    """A stand-in for the trainer of one process."""
    return SimpleNamespace(
        state=SimpleNamespace(fn=fn),
        sanity_checking=False,
        should_stop=False,
        default_root_dir=str(folder / "own"),
        callback_metrics={},
        strategy=SimpleNamespace(broadcast=lambda decision: decision),
    )


def validate(callback, trainer, value):
    trainer.callback_metrics = {FIGURE: torch.tensor(value)}
    callback.on_validation_end(trainer, None)
    return trainer.should_stop


def test_it_ends_at_the_comparison(sweep):
    callback, trainer = EndBehind(FIGURE, first=2, eta=2), training(sweep)
    assert [validate(callback, trainer, 3.0) for _ in range(2)] == [False, True]
    assert callback.is_behind


def test_one_that_is_ahead_goes_on_past_it(sweep):
    callback, trainer = EndBehind(FIGURE, first=2, eta=2), training(sweep)
    assert not any(validate(callback, trainer, 0.5) for _ in range(5))  # nobody came as far as the fourth


def test_what_was_decided_outlives_a_kill(sweep):
    callback, trainer = EndBehind(FIGURE, first=2, eta=2), training(sweep)
    validate(callback, trainer, 3.0)
    resumed, trainer = EndBehind(FIGURE, first=2, eta=2), training(sweep)
    resumed.load_state_dict(callback.state_dict())
    resumed.on_train_start(trainer, None)
    assert not trainer.should_stop
    assert validate(resumed, trainer, 3.0), "its second validation, not its first"
    again, trainer = EndBehind(FIGURE, first=2, eta=2), training(sweep)
    again.load_state_dict(resumed.state_dict())
    again.on_train_start(trainer, None)
    assert trainer.should_stop


def test_the_first_process_decides(sweep):
    callback, trainer = EndBehind(FIGURE, first=1, eta=2), training(sweep)
    trainer.strategy.broadcast = lambda decision: False
    assert not validate(callback, trainer, 3.0) and not callback.is_behind


def test_other_validations_do_not_count(sweep):
    callback, trainer = EndBehind(FIGURE, first=1, eta=2), training(sweep, TrainerFn.VALIDATING)
    assert not validate(callback, trainer, 3.0) and callback.n_validations == 0
