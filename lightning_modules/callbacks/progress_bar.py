"""Progress of a run as one bar, for a person at a terminal of 80 columns."""

import math
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.utilities.types import STEP_OUTPUT

SHOWN = {"train/reconstruction": "error", "validation/reconstruction": "validated"}
"""Figures behind the bar; the others are in W&B's log."""


class ProgressBar(TQDMProgressBar):
    """Steps of the whole run and the time that the rest of them take; Lightning's own begins anew in every epoch."""

    BAR_FORMAT = "{desc} {n_fmt}/{total_fmt} |{bar}| {elapsed}, {remaining} left{postfix}"

    def __init__(self) -> None:
        super().__init__(refresh_rate=5)

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        """From the step on where the run resumes."""
        self.train_progress_bar = self.init_train_tqdm()
        self.train_progress_bar.reset(total=n_steps_of(trainer))
        self.train_progress_bar.initial = self.train_progress_bar.n = trainer.global_step
        self.train_progress_bar.set_description_str("Training")

    def on_train_epoch_start(self, trainer: Trainer, *_: Any) -> None:
        """Epochs say little of a run that is counted in steps."""

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Count steps, not batches."""
        bar = self.train_progress_bar
        if trainer.global_step > bar.n and self._should_update(trainer.global_step, bar.total):
            bar.n = trainer.global_step
            bar.set_postfix_str(figures_of(trainer))

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        """The bar goes on."""

    def on_validation_batch_start(self, *args: Any, **options: Any) -> None:
        """Name what goes on, without a number of a loader."""
        super().on_validation_batch_start(*args, **options)
        self.val_progress_bar.set_description_str("Validating")

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Show what was validated."""
        self.val_progress_bar.close()
        self.reset_dataloader_idx_tracker()
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self.train_progress_bar.set_postfix_str(figures_of(trainer))

    def on_test_batch_start(self, *args: Any, **options: Any) -> None:
        """As in validation."""
        super().on_test_batch_start(*args, **options)
        self.test_progress_bar.set_description_str("Testing")

    def on_predict_batch_start(self, *args: Any, **options: Any) -> None:
        """As in validation."""
        super().on_predict_batch_start(*args, **options)
        self.predict_progress_bar.set_description_str("Predicting")


def n_steps_of(trainer: Trainer) -> int | None:
    """Steps of a whole run; None where nothing but time ends it."""
    n_steps = trainer.estimated_stepping_batches
    return None if math.isinf(n_steps) else int(n_steps)


def figures_of(trainer: Trainer) -> str:
    """What is shown behind the bar."""
    logged = trainer.progress_bar_metrics
    return ", ".join(f"{name} {logged[key]:.3g}" for key, name in SHOWN.items() if key in logged)
