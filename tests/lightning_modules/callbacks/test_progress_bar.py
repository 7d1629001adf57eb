"""The bar of a training: all its steps, what they say, in 80 columns."""

from types import SimpleNamespace

import pytest
import torch

from lightning_modules.callbacks.progress_bar import ProgressBar, figures_of, n_steps_of

FIGURES = {
    "train/reconstruction": torch.tensor(1.23456),
    "train/turned_knobs": torch.tensor(0.5),
    "validation/reconstruction": torch.tensor(1.1),
}


def trainer(step, **other):
    usual = {"global_step": step, "estimated_stepping_batches": 1800, "progress_bar_metrics": FIGURES}
    return SimpleNamespace(**{**usual, "sanity_checking": False, "state": SimpleNamespace(fn="fit"), **other})


@pytest.fixture
def bar(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = ProgressBar()
    yield shown
    shown.train_progress_bar.disable = True


def test_it_counts_steps_of_the_whole_run_from_where_it_resumes(bar, capsys):
    bar.on_train_start(trainer(542))
    for step in (543, 545):
        bar.on_train_epoch_start(trainer(step))
        bar.on_train_batch_end(trainer(step), None, None, None, 0)
        bar.on_train_epoch_end(trainer(step), None)
    shown = bar.train_progress_bar
    assert (shown.initial, shown.n, shown.total) == (542, 545, 1800)
    assert "error 1.23, validated 1.1" in str(shown) and str(shown).startswith("Training 545/1800 |")
    assert " left" in str(shown)


def test_a_line_fits_a_terminal(bar):
    bar.on_train_start(trainer(29000, estimated_stepping_batches=30000))
    bar.on_train_batch_end(trainer(29995, estimated_stepping_batches=30000), None, None, None, 0)
    shown = bar.train_progress_bar
    line = shown.format_meter(**{**shown.format_dict, "elapsed": 36000.0, "ncols": 80})
    assert len(line) <= 80 and line.endswith("error 1.23, validated 1.1")


def test_a_run_that_time_ends_has_no_number_of_steps():
    assert n_steps_of(trainer(0, estimated_stepping_batches=float("inf"))) is None
    assert n_steps_of(trainer(0)) == 1800


def test_before_the_first_validation_there_is_no_figure_of_one():
    assert figures_of(trainer(0, progress_bar_metrics={"train/reconstruction": torch.tensor(2.0)})) == "error 2"
