"""What the best checkpoint scored, in the run's summary, however often the run was interrupted."""

import math
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.trainer.states import TrainerFn

MONITORED = "validation/reconstruction"


class Best(Callback):
    """Keeps the validation figures of the step with the lowest reconstruction, in every checkpoint.

    W&B's own best values begin anew at every start of a process, so that these are written to its summary: `best/step`
    and `best/FIGURE`.
    """

    def __init__(self) -> None:
        self.step = 0
        self.figures: dict[str, float] = {}

    def state_dict(self) -> dict[str, Any]:
        """Where and what."""
        return {"step": self.step, "figures": dict(self.figures)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.step, self.figures = state_dict["step"], dict(state_dict["figures"])

    def on_train_start(self, trainer: Trainer, module: Any) -> None:
        """A run that goes on says what it knows already."""
        self._write(trainer)

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Compare, as the checkpoint of the best does."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        figures = {
            name: float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith(("validation/", "usage/"))
        }
        if figures.get(MONITORED, math.nan) < self.figures.get(MONITORED, math.inf):
            self.step, self.figures = trainer.global_step, figures
            self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        if self.figures and trainer.is_global_zero and isinstance(trainer.logger, WandbLogger):
            named = {f"best/{name}": value for name, value in self.figures.items()}
            trainer.logger.experiment.summary.update({"best/step": self.step, **named})
