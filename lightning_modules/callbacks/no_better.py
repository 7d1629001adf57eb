"""How many validations ago a training was at its best; where asked, it ends after so many."""

import math
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from studies.prospects import NO_BETTER
from studies.run_curves import MONITORED


class NoBetter(Callback):
    """Counts the validations since the lowest reconstruction. All that it knows is in the checkpoint.

    Args:
        patience: validations without a better one after which the training ends; None lets it go on
    """

    def __init__(self, patience: int | None = None) -> None:
        if patience is not None and patience < 1:
            raise ValueError(f"--patience {patience}: name 1 validation or more.")
        self.patience = patience
        self.lowest, self.n_since = math.inf, 0

    def state_dict(self) -> dict[str, Any]:
        """The lowest yet, and how long ago."""
        return {"lowest": self.lowest, "n_since": self.n_since}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.lowest, self.n_since = state_dict["lowest"], state_dict["n_since"]

    @property
    def has_ended_it(self) -> bool:
        """Whether the training was ended for it."""
        return self.patience is not None and self.n_since >= self.patience

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """A run that was killed after its last validation, before it had ended, ends now."""
        trainer.should_stop |= self.has_ended_it

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Compare; the figure is the same in all processes."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        value = float(trainer.callback_metrics.get(MONITORED, math.nan))
        if value < self.lowest:
            self.lowest, self.n_since = value, 0
        else:
            self.n_since += 1
        if self.n_since == NO_BETTER and trainer.is_global_zero:
            _say(trainer, f"Step {trainer.global_step}: no better for {NO_BETTER} validations; the best one is kept.")
        trainer.should_stop |= self.has_ended_it


def _say(trainer: Trainer, sentence: str) -> None:
    """Above the bar, where there is one."""
    bar = trainer.progress_bar_callback
    print(sentence, flush=True) if bar is None else bar.print(sentence)
