"""The course of a training: means by hand, and after a kill the same bytes as of a run that never was killed."""

import itertools

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from lightning_modules.callbacks import SafePoint, TrainingCurves

VALIDATED_EVERY = 3
N_STEPS = 12


class Killed(Exception):
    """Stands for a process that ends in the middle."""


class Telling(L.LightningModule):
    """Says of every step its square, and of every validation its cube; dies in a step."""

    def __init__(self, dies_at):
        super().__init__()
        self.weight, self.dies_at = torch.nn.Parameter(torch.zeros(1)), dies_at

    def training_step(self, batch, batch_idx):
        if self.global_step + 1 == self.dies_at:
            raise Killed
        self.log("train/loss", torch.tensor(0.1) * (self.global_step + 1) ** 2)
        return self.weight.sum()

    def validation_step(self, batch, batch_idx):
        self.log("validation/reconstruction", float(self.global_step**3))
        self.log("other", 1.0)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.125)


@pytest.fixture
def fit(tmp_path, monkeypatch):
    """Name of a run, where it dies, between how many steps it is saved -> its curves.csv; no time passes."""
    monkeypatch.setattr("lightning_modules.callbacks.curves.monotonic", lambda: 1.0)

    def run(name, dies_at=None, saved_every=2):
        folder = tmp_path / name
        trainer = L.Trainer(
            max_steps=N_STEPS, val_check_interval=VALIDATED_EVERY, check_val_every_n_epoch=None, accelerator="cpu",
            logger=False, num_sanity_val_steps=0, enable_progress_bar=False, enable_model_summary=False,
            default_root_dir=folder, callbacks=[TrainingCurves(), SafePoint(folder, saved_every)],
        )  # fmt: skip
        last = folder / "checkpoints" / "last.ckpt"
        loaders = DataLoader(range(5)), DataLoader(range(1))
        try:
            trainer.fit(Telling(dies_at), *loaders, ckpt_path=last if last.exists() else None, weights_only=True)
        except Killed:
            pass
        return folder / "curves.csv"

    return run


def test_a_line_has_the_mean_since_the_one_before(fit):
    """0.1 (1 + 4 + 9) / 3, 0.1 (16 + 25 + 36) / 3, ...; the epochs of five batches do not matter."""
    lines = [line.split(",") for line in fit("run").read_text().splitlines()]
    assert lines[0] == ["step", "training_s", "learning_rate", "train/loss", "validation/reconstruction"]
    means = [0.1 * sum(n**2 for n in range(step - 2, step + 1)) / 3 for step in (3, 6, 9, 12)]
    assert [float(line[3]) for line in lines[1:]] == pytest.approx(means)
    assert [(line[0], line[2], line[4]) for line in lines[1:]] == [
        (str(step), "0.125", str(step**3)) for step in (3, 6, 9, 12)
    ]


@pytest.mark.parametrize("saved_every", [1, 5])
@pytest.mark.parametrize("dies_at", range(2, N_STEPS + 1))
def test_after_a_kill_the_file_has_the_same_bytes(fit, dies_at, saved_every):
    """Wherever it died, and however long ago it was saved: lines past the checkpoint are made again."""
    fit("killed", dies_at, saved_every)
    assert fit("killed", None, saved_every).read_bytes() == fit("whole").read_bytes()


def test_seconds_go_on_where_they_stopped(fit, monkeypatch):
    """Ten pass each time that the clock is asked, a thousand between two starts, which do not count."""
    passed_s = itertools.count(0, 10)
    monkeypatch.setattr("lightning_modules.callbacks.curves.monotonic", lambda: float(next(passed_s)))
    fit("run", dies_at=8, saved_every=1)
    passed_s = itertools.count(1000, 10)
    seconds = [float(line.split(",")[1]) for line in fit("run", saved_every=1).read_text().splitlines()[1:]]
    assert seconds == [30.0, 70.0, 110.0, 150.0]  # asked when begun, at saves and at lines; steps 1 2 3* 3 4 5 6* 6 ...


def test_a_file_of_something_else_stops_the_run_before_its_first_step(fit, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "curves.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"curves\.csv is no file of curves"):
        fit("run")
