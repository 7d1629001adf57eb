"""The figures of the best step: as the checkpoint of the best has them, kept over interruptions, moves and NaNs."""

import math
import shutil
from types import SimpleNamespace

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.trainer.states import TrainerFn
from torch.utils.data import DataLoader

from lightning_modules.callbacks import Best
from lightning_modules.callbacks.best import BestCheckpoint

NAN = math.nan
COURSES = {
    "falling": [5.0, 4.0, 3.0, 2.0, 1.0, 0.5],
    "rising": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "twice the same": [3.0, 2.0, 4.0, 2.0, 3.0, 2.0],
    "up and down": [3.0, 2.5, 2.7, 1.5, 9.0, 1.6],
    "not a number": [NAN, 2.0, NAN, 1.0, NAN, 3.0],
    "never a number": [NAN] * 6,
}


class Following(L.LightningModule):
    """Validates, after each of its steps, as it is told."""

    def __init__(self, course):
        super().__init__()
        self.weight, self.course = torch.nn.Parameter(torch.zeros(1)), course

    def training_step(self, batch, batch_idx):
        return self.weight.sum()

    def validation_step(self, batch, batch_idx):
        value = self.course[self.global_step - 1]
        self.log("validation/reconstruction", value)
        self.log_dict({"validation/control_error": 10 * value, "usage/level": 0.5, "other": 1.0})

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


@pytest.fixture
def fit(tmp_path):
    """Course, steps, folder's name, checkpoint to go on from -> best.ckpt or None, what Best knows, the last one."""

    def run(course, n_steps=6, name="run", checkpoint=None):
        folder = tmp_path / name
        best = Best()
        trainer = L.Trainer(
            max_steps=n_steps, val_check_interval=1, check_val_every_n_epoch=None, accelerator="cpu", logger=False,
            callbacks=[best, BestCheckpoint(folder)], num_sanity_val_steps=0, enable_progress_bar=False,
            enable_model_summary=False, default_root_dir=folder,
        )  # fmt: skip
        loader = DataLoader(range(10))
        trainer.fit(Following(course), loader, DataLoader(range(1)), ckpt_path=checkpoint, weights_only=True)
        trainer.save_checkpoint(folder / "last.ckpt")
        saved = folder / "best.ckpt"
        return torch.load(saved, weights_only=True) if saved.exists() else None, best, folder / "last.ckpt"

    return run


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
@pytest.mark.parametrize("cut_at", [None, 1, 3, 4])
def test_the_figures_are_those_of_the_best_checkpoint(fit, course, cut_at):
    """The first of the lowest, whether the run was cut or not; by brute force."""
    checkpoint = None if cut_at is None else fit(course, cut_at)[2]
    saved, best, _ = fit(course, checkpoint=checkpoint)
    numbers = [value for value in course if not math.isnan(value)]
    if not numbers:
        assert (saved, best.step, best.figures) == (None, 0, {})
        return
    assert best.step == saved["global_step"] == course.index(min(numbers)) + 1
    assert best.figures == {
        "validation/reconstruction": min(numbers), "validation/control_error": 10 * min(numbers), "usage/level": 0.5
    }  # fmt: skip
    assert saved["callbacks"]["Best"] == best.state_dict(), "the best checkpoint knows that it is"


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_a_run_that_was_moved_keeps_its_best(fit, course, tmp_path):
    """As if it had stayed: nothing worse is written over it."""
    stayed, _, _ = fit(course, name="stayed")
    fit(course, 4, name="before")
    shutil.move(tmp_path / "before", tmp_path / "after")
    moved, best, _ = fit(course, name="after", checkpoint=tmp_path / "after" / "last.ckpt")
    if stayed is None:
        assert moved is None
        return
    assert moved["global_step"] == stayed["global_step"]
    assert best.step in (0, moved["global_step"])
    assert not (tmp_path / "before").exists()


def trainer(summary, **other):
    logger = WandbLogger.__new__(WandbLogger)
    logger._experiment = SimpleNamespace(summary=summary)
    figures = {"validation/reconstruction": torch.tensor(2.0), "train/loss": torch.tensor(1.0)}
    usual = {
        **{"global_step": 7, "is_global_zero": True, "sanity_checking": False, "logger": logger},
        **{"state": SimpleNamespace(fn=TrainerFn.FITTING), "callback_metrics": figures},
    }
    return SimpleNamespace(**{**usual, **other})


@pytest.fixture
def summary(monkeypatch):
    """Summary of a W&B run, as far as it is written to."""
    monkeypatch.setattr(WandbLogger, "experiment", property(lambda logger: logger._experiment))
    return {}


def test_the_summary_is_written_when_there_is_a_new_best_and_when_a_run_goes_on(summary):
    """W&B forgets at every start what it held before."""
    best = Best()
    best.on_train_start(trainer(summary), None)
    assert not summary
    best.on_validation_end(trainer(summary), None)
    written = {"best/step": 7, "best/validation/reconstruction": 2.0}
    assert summary == written
    summary.clear()
    best.on_validation_end(trainer(summary, global_step=9), None)
    assert not summary, "no better"
    again = Best()
    again.load_state_dict(best.state_dict())
    again.on_train_start(trainer(summary), None)
    assert summary == written


@pytest.mark.parametrize(
    "other",
    [{"sanity_checking": True}, {"state": SimpleNamespace(fn=TrainerFn.VALIDATING)}, {"callback_metrics": {}}],
)
def test_what_is_not_a_validation_of_training_is_not_the_best(summary, other):
    best = Best()
    best.on_validation_end(trainer(summary, **other), None)
    assert not summary and best.step == 0


@pytest.mark.parametrize("other", [{"is_global_zero": False}, {"logger": None}])
def test_one_process_writes_and_only_to_wandb(summary, other):
    best = Best()
    best.on_validation_end(trainer(summary, **other), None)
    assert not summary and best.step == 7


def test_the_state_is_a_copy():
    best = Best()
    best.figures = {"validation/reconstruction": 1.0}
    state = best.state_dict()
    best.figures["validation/reconstruction"] = 0.0
    assert state["figures"] == {"validation/reconstruction": 1.0}
