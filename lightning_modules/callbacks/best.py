"""The best checkpoint, and what it scored in the run's summary, however often the run was interrupted."""

import math
import os
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from studies.run_curves import MONITORED


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

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """A resumed run logs its best values so far."""
        self._write(trainer)

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
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


class BestCheckpoint(ModelCheckpoint):
    """Writes best.ckpt where the reconstruction is the lowest yet; a run that was moved still knows what was.

    Args:
        folder: of the checkpoint
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "best", monitor=MONITORED, enable_version_counter=False, save_weights_only=False)

    def check_monitor_top_k(self, trainer: Trainer, current: Tensor | None = None) -> bool:
        """Lightning's own takes the first for the lowest, even if it is not a number."""
        is_number = current is not None and bool(torch.isfinite(current))
        return is_number and super().check_monitor_top_k(trainer, current)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Lightning's own forgets the lowest when the path is another, and writes a worse one over it."""
        models = {self._here(path): score for path, score in state_dict["best_k_models"].items()}
        paths = {name: self._here(state_dict[name]) for name in ("best_model_path", "kth_best_model_path")}
        super().load_state_dict({**state_dict, **paths, "best_k_models": models, "dirpath": self.dirpath})

    def _here(self, path: str) -> str:
        # Not the name that the checkpoint says: what lies there is deleted when something better comes.
        return os.path.join(str(self.dirpath), f"{self.filename}{self.FILE_EXTENSION}") if path else path
