"""Checkpoints that lose nothing: regularly, and when a signal asks the run to stop."""

from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities.types import STEP_OUTPUT

from lightning_modules.interruption import INTERRUPTION, requeue_marker
from studies.run_folder import RunFolder
from synths import Clip


class SafePoint(Checkpoint):
    """Writes last.ckpt between two batches, and ends the process there when it was asked to stop.

    Where a validation follows on a batch, both wait for its end: a run that went on from before it would leave it out.
    It must be the last callback, so that the checkpoint holds what the others have done; Lightning calls those that
    are a `Checkpoint` last, in their order.

    Args:
        folder: of the run
        every_n_steps: between regular checkpoints
        agree_every: steps after which several processes ask each other whether to stop
    """

    def __init__(self, folder: Path, every_n_steps: int = 50, agree_every: int = 10) -> None:
        self.folder = RunFolder(folder)
        self.every_n_steps = every_n_steps
        self.agree_every = agree_every
        self._step, self._saved = 0, -1

    def setup(self, trainer: Trainer, module: LightningModule, stage: str) -> None:
        """What an earlier process left behind no longer holds."""
        if trainer.is_global_zero:
            requeue_marker(self.folder.path).unlink(missing_ok=True)
            if stage == "fit":
                self.folder.done.unlink(missing_ok=True)
                self.folder.failed.unlink(missing_ok=True)

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """From here on there is something to lose; Lightning has set its own handlers just before."""
        INTERRUPTION.watch_training()
        self._step = trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: STEP_OUTPUT, batch: Clip, batch_idx: int
    ) -> None:
        """Between two batches, unless gradients are being accumulated."""
        if trainer.global_step > self._step and not _validation_follows(trainer):
            self._at_safe_point(trainer, logged=False)
        self._step = max(self._step, trainer.global_step)

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """After a validation that training waited for, unless gradients are being accumulated."""
        fitting = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking
        if fitting and not trainer.fit_loop._should_accumulate():
            self._at_safe_point(trainer, logged=True)

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        """However it ended: by its number of steps, of epochs or by its time."""
        if trainer.global_step != self._saved:
            self._save(trainer)
        INTERRUPTION.leave_training()

    def on_exception(self, trainer: Trainer, module: LightningModule, exception: BaseException) -> None:
        """Give the handlers back; what the failing process alone would save, the others would not know of."""
        INTERRUPTION.leave_training()

    def on_test_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """What was found so far is kept."""
        self.stop_test_if_asked(trainer)

    def stop_test_if_asked(self, trainer: Trainer) -> None:
        """Between two notes of a test."""
        if INTERRUPTION.signal_number is not None:
            self._stop(trainer)

    def _at_safe_point(self, trainer: Trainer, logged: bool) -> None:
        ends = trainer.global_step == trainer.max_steps
        stop = not ends and self._asked_to_stop(trainer)
        if stop or ends or trainer.global_step % self.every_n_steps == 0:
            self._save(trainer)
        if stop:
            if not logged:
                _log_step(trainer)
            self._stop(trainer)

    def _asked_to_stop(self, trainer: Trainer) -> bool:
        asked = INTERRUPTION.signal_number is not None
        if trainer.world_size == 1:
            return asked
        if trainer.global_step % self.agree_every:
            return False
        return trainer.strategy.reduce_boolean_decision(asked, all=False)

    def _save(self, trainer: Trainer) -> None:
        trainer.save_checkpoint(self.folder.last, weights_only=False)
        self._saved = trainer.global_step

    def _stop(self, trainer: Trainer) -> None:
        if not trainer.is_global_zero:  # whoever fails has the other processes of a run killed
            raise SystemExit(0)
        marker = requeue_marker(self.folder.path)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        raise SystemExit(INTERRUPTION.exit_code())


def _validation_follows(trainer: Trainer) -> bool:
    """Lightning's own decision, which its public interface does not tell."""
    loop = trainer.fit_loop
    return loop.epoch_loop._should_check_val_fx(loop._data_fetcher)  # type: ignore[arg-type]


def _log_step(trainer: Trainer) -> None:
    """Lightning's own next act, which a stop leaves out: the public `logged_metrics` holds old validations too."""
    trainer._logger_connector.update_train_step_metrics()
