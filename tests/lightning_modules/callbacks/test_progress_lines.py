"""Lines of text that say where a run is: once, from one process, with the figures that were validated."""

import time
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.trainer.states import TrainerFn

from lightning_modules.callbacks import ProgressLines
from lightning_modules.callbacks.progress_lines import spoken_s


def trainer(step, **other):
    figures = {"validation/control_error": torch.tensor(0.25), "train/loss": torch.tensor(9.0)}
    usual = {
        **{"global_step": step, "max_steps": 40, "world_size": 1, "is_global_zero": True, "sanity_checking": False},
        **{"state": SimpleNamespace(fn=TrainerFn.FITTING), "callback_metrics": figures},
    }
    return SimpleNamespace(**{**usual, **other})


@pytest.fixture
def lines(capsys, monkeypatch):
    """Lines of a run that resumes at step 10, validates at 30 four seconds later and at 40 one second after that."""

    def run(**other):
        progress, clock = ProgressLines(), iter((100.0, 104.0, 105.0))
        monkeypatch.setattr(time, "monotonic", lambda: next(clock))
        progress.on_train_start(trainer(10, **other), None)
        for step in (30, 40):
            progress.on_validation_end(trainer(step, **other), None)
        monkeypatch.undo()
        return capsys.readouterr().out.splitlines()

    return run


def test_a_line_at_the_start_and_after_every_validation(lines):
    assert lines() == [
        "Training from step 10 on 1 process.",
        "Step 30 of 40, 5 per second, 2 s left: control error 0.25.",
        "Step 40 of 40, 10 per second: control error 0.25.",
    ]


def test_processes_are_counted_and_one_speaks_for_all(lines):
    assert lines(world_size=4)[0] == "Training from step 10 on 4 processes."
    assert lines(world_size=4, is_global_zero=False) == []


def test_a_run_without_an_end_names_none(lines):
    assert lines(max_steps=-1)[1].startswith("Step 30, 5 per second")


@pytest.mark.parametrize("other", [{"sanity_checking": True}, {"state": SimpleNamespace(fn=TrainerFn.VALIDATING)}])
def test_a_validation_that_is_not_part_of_training_says_nothing(lines, other):
    assert lines(**other) == ["Training from step 10 on 1 process."]


@pytest.mark.parametrize(("seconds", "said"), [(12.4, "12 s"), (600, "10 min"), (5000, "83 min"), (9000, "2.5 h")])
def test_a_time_is_said_as_people_do(seconds, said):
    assert spoken_s(seconds) == said
