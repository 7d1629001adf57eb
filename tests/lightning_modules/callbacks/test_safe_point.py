"""A run that stops between two batches and goes on is the run that never stopped: weights, validation and log rows."""

import os
import signal
from types import SimpleNamespace

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers.logger import Logger
from torch.utils.data import DataLoader

from lightning_modules.callbacks import Best, SafePoint
from lightning_modules.interruption import INTERRUPTION

N_BATCHES, N_STEPS = 4, 10


class Line(L.LightningModule):
    """One weight that is pulled to noisy numbers."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def on_train_batch_start(self, batch, batch_idx):
        torch.manual_seed(self.trainer.global_step)

    def training_step(self, batch, batch_idx):
        loss = ((self.weight - torch.rand(1)) ** 2).sum()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("validation/reconstruction", (self.weight - 0.3).abs().sum())

    def test_step(self, batch, batch_idx):
        """Nothing."""

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.05)


class Rows(Logger):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.rows = []

    name, version = "rows", "0"

    def log_metrics(self, metrics, step=None):
        self.rows.append((step, dict(metrics)))

    def log_hyperparams(self, params):
        """Nothing."""


class SignalAt(Callback):
    """Raises a signal while a step is trained, or validated."""

    def __init__(self, step, number=signal.SIGUSR1, validating=False):
        self.step, self.number, self.validating = step, number, validating

    def on_before_optimizer_step(self, trainer, *_):
        if trainer.global_step == self.step - 1 and not self.validating:
            os.kill(os.getpid(), self.number)

    def on_validation_start(self, trainer, *_):
        if trainer.global_step == self.step and self.validating:
            os.kill(os.getpid(), self.number)


class Saves(SafePoint):
    """Remembers at which steps it saved."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.steps = []

    def _save(self, trainer):
        self.steps.append(trainer.global_step)
        super()._save(trainer)


@pytest.fixture(autouse=True)
def _watching(monkeypatch, in_a_terminal):
    for name in ("SLURM_JOB_ID", "WANDB_SWEEP_ID", "TIMBRE_REQUEUE"):
        monkeypatch.delenv(name, raising=False)
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)}
    INTERRUPTION.watch()
    yield
    INTERRUPTION.signal_number = None
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def fit(tmp_path):
    """Name, callbacks, options of the trainer -> the rows logged, the trainer and its SafePoint; resumes by itself."""

    def run(name, *callbacks, every_n_steps=50, ends=None, **options):
        folder = tmp_path / name
        INTERRUPTION.signal_number = None
        saves, rows = Saves(folder, every_n_steps), Rows()
        best = ModelCheckpoint(folder, "best", monitor="validation/reconstruction", enable_version_counter=False)
        usual = {"max_steps": N_STEPS, "val_check_interval": 3, "check_val_every_n_epoch": None, "log_every_n_steps": 1}
        trainer = L.Trainer(
            **{**usual, **options}, default_root_dir=folder, logger=rows, callbacks=[saves, best, *callbacks, Best()],
            accelerator="cpu", num_sanity_val_steps=0, enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        last = saves.folder.last
        loaders = DataLoader(range(N_BATCHES)), DataLoader(range(2))
        try:
            trainer.fit(Line(), *loaders, ckpt_path=last if last.exists() else None, weights_only=True)
            stopped = None
        except SystemExit as stop:
            stopped = stop.code
        assert stopped == ends
        return SimpleNamespace(rows=rows.rows, trainer=trainer, saves=saves, folder=saves.folder)

    return run


def state(result):
    """State in its last checkpoint, without paths and without what a plain loader does not keep."""
    checkpoint = torch.load(result.folder.last, weights_only=True)
    return {key: checkpoint[key] for key in ("state_dict", "optimizer_states", "global_step", "epoch")} | {
        "best": checkpoint["callbacks"]["Best"]
    }


def marker(result):
    return result.folder.path / "REQUEUE"


@pytest.mark.parametrize("log_every_n_steps", [1, 3, 5])
@pytest.mark.parametrize("validating", [False, True])
def test_stopped_at_any_step_and_gone_on_is_never_stopped(fit, log_every_n_steps, validating):
    """Before an end of an epoch, at it, where a validation follows, or in it: nothing lost, nothing twice."""
    whole = fit("whole", log_every_n_steps=log_every_n_steps)
    for step in range(3, N_STEPS, 3) if validating else range(1, N_STEPS):
        name = f"cut-{step}"
        cut = fit(name, SignalAt(step, validating=validating), ends=138, log_every_n_steps=log_every_n_steps)
        assert cut.trainer.global_step == step and marker(cut).exists()
        rest = fit(name, log_every_n_steps=log_every_n_steps)
        assert str(state(rest)) == str(state(whole)), step
        assert cut.rows + rest.rows == whole.rows, step
        assert not marker(rest).exists()


def test_it_saves_regularly_and_at_the_end_and_never_twice(fit):
    """A validation comes before the save: what went on from before it would leave it out."""
    assert fit("plain", every_n_steps=2).saves.steps == [2, 4, 6, 8, 10]
    assert fit("coinciding", every_n_steps=3, max_steps=9).saves.steps == [3, 6, 9]
    assert fit("by-epochs", every_n_steps=5, max_steps=-1, max_epochs=2).saves.steps == [5, 8]
    assert torch.load(fit("best", every_n_steps=3, max_steps=9).folder.last)["callbacks"]["Best"]["step"] in (3, 6, 9)


@pytest.mark.parametrize(
    "options",
    [
        {"val_check_interval": 2},
        {"val_check_interval": 0.5, "check_val_every_n_epoch": 1},
        {"val_check_interval": 1.0, "check_val_every_n_epoch": 2},
        {"limit_val_batches": 0},
    ],
)
def test_one_save_a_step_whenever_validations_come(fit, options):
    assert fit("run", every_n_steps=1, **options).saves.steps == list(range(1, N_STEPS + 1))


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_gradients_that_are_gathered_are_not_thrown_away(fit, step):
    """It stops when a step is made, not between its two batches, nor at a validation between them."""
    whole = fit("whole", accumulate_grad_batches=2, every_n_steps=1)
    assert whole.saves.steps == list(range(1, N_STEPS + 1))
    cut = fit("cut", SignalAt(step), ends=138, accumulate_grad_batches=2)
    assert cut.trainer.global_step == step
    rest = fit("cut", accumulate_grad_batches=2)
    assert str(state(rest)) == str(state(whole)) and cut.rows + rest.rows == whole.rows


def test_a_signal_in_a_validation_between_two_batches_of_a_step_waits_for_the_step(fit):
    cut = fit("cut", SignalAt(1, validating=True), ends=138, accumulate_grad_batches=2)
    assert cut.trainer.global_step == 2
    assert str(state(fit("cut", accumulate_grad_batches=2))) == str(state(fit("whole", accumulate_grad_batches=2)))


@pytest.mark.parametrize("max_steps", [9, 10])
def test_a_signal_at_the_last_step_stops_nothing(fit, max_steps):
    """With a validation after it, or without."""
    result = fit("run", SignalAt(max_steps), max_steps=max_steps)
    assert result.trainer.global_step == max_steps and not marker(result).exists()


def test_a_finished_run_that_is_begun_again_trains_nothing(fit):
    before = state(fit("run"))
    again = fit("run")
    assert not again.saves.steps and not again.rows and str(state(again)) == str(before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_every_signal_stops_with_its_own_exit_code(fit, number):
    result = fit("run", SignalAt(2, number), ends=128 + number)
    assert result.trainer.global_step == 2 and marker(result).exists()
    with pytest.raises(KeyboardInterrupt):  # the handlers are given back
        os.kill(os.getpid(), number)


def test_in_a_job_the_marker_is_all_that_tells(fit, tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("TIMBRE_REQUEUE", str(tmp_path / "job" / "again"))
    result = fit("run", SignalAt(2), ends=0)
    assert (tmp_path / "job" / "again").exists() and not marker(result).exists()


def test_an_error_gives_the_handlers_back_and_saves_nothing(fit):
    class Failing(Callback):
        def on_train_batch_end(self, *_):
            raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        fit("run", Failing(), every_n_steps=1)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_what_an_earlier_process_left_behind_no_longer_holds(tmp_path):
    safe_point, trainer = SafePoint(tmp_path), SimpleNamespace(is_global_zero=True)
    left = [tmp_path / "REQUEUE", tmp_path / "DONE"]
    for path in left:
        path.touch()
    safe_point.setup(SimpleNamespace(is_global_zero=False), None, "fit")
    assert all(path.exists() for path in left), "one process tidies up for all"
    safe_point.setup(trainer, None, "test")
    assert [path.exists() for path in left] == [False, True], "a test does not begin the training anew"
    safe_point.setup(trainer, None, "fit")
    safe_point.setup(trainer, None, "fit")
    assert not any(path.exists() for path in left)


def test_a_test_stops_at_the_end_of_a_batch(tmp_path):
    safe_point = SafePoint(tmp_path)
    trainer = L.Trainer(
        logger=False, callbacks=[safe_point], enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=tmp_path, accelerator="cpu",
    )  # fmt: skip
    trainer.test(Line(), DataLoader(range(2)), verbose=False)
    assert not (tmp_path / "REQUEUE").exists()
    INTERRUPTION.signal_number = signal.SIGUSR1
    with pytest.raises(SystemExit) as stop:
        trainer.test(Line(), DataLoader(range(2)), verbose=False)
    assert stop.value.code == 138 and (tmp_path / "REQUEUE").exists()


class Processes:
    """Two, one of which was asked to stop; they must ask each other at the same steps."""

    def __init__(self, step, rank):
        self.world_size, self.global_step, self.max_steps, self.is_global_zero = 2, step, 100, rank == 0
        self.strategy, self.asked = self, []

    def reduce_boolean_decision(self, decision, all):
        assert not all, "one that is asked is enough"
        self.asked.append(decision)
        return True

    def save_checkpoint(self, path, weights_only):
        """Nothing."""


@pytest.mark.parametrize(("rank", "code"), [(0, 138), (1, 0)])
@pytest.mark.parametrize("noted", [None, signal.SIGUSR1])
def test_several_processes_agree_at_fixed_steps(tmp_path, rank, code, noted):
    """Whether they were signalled or not; the first alone says how it ended, and leaves the marker."""
    safe_point = SafePoint(tmp_path, agree_every=5)
    INTERRUPTION.signal_number = noted
    for step in range(1, 5):
        trainer = Processes(step, rank)
        safe_point._at_safe_point(trainer, logged=True)
        assert not trainer.asked
    trainer = Processes(5, rank)
    INTERRUPTION.signal_number = noted
    with pytest.raises(SystemExit) as stop:
        safe_point._at_safe_point(trainer, logged=True)
    assert trainer.asked == [noted is not None]
    assert stop.value.code == (143 if rank == 0 and noted is None else code)
    assert (tmp_path / "REQUEUE").exists() == (rank == 0)
