"""curves.csv in the run's folder: the course of a training, to be seen without any account."""

from time import monotonic
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from studies.run_curves import curve_row, curve_rows, write_curve_rows
from studies.run_folder import RunFolder


class TrainingCurves(Callback):
    """Writes a line at each validation: what it says, and the mean of every training figure since the one before.

    A resumed run goes on after the lines up to its checkpoint, and makes those behind it again. What was summed since
    the last line is in the checkpoint, and so the resumed file says what that of an uninterrupted run says; seconds
    alone depend on the machine. With several processes it is the first one's training clips that are told of.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self.sums: dict[str, Tensor] = {}
        self.n_summed, self.training_s = 0, 0.0
        self._since_s: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """Sums since the last line, and the time until now."""
        sums = {name: value.cpu() for name, value in self.sums.items()}
        return {"sums": sums, "n_summed": self.n_summed, "training_s": self._clock_s()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.sums, self.n_summed = dict(state_dict["sums"]), state_dict["n_summed"]
        self.training_s = state_dict["training_s"]

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """Keep the lines that this run has behind it.

        Raises:
            ValueError: a file that is no such one is in their place
        """
        self._since_s = monotonic()
        if trainer.is_global_zero:
            self.rows = curve_rows(RunFolder(trainer.default_root_dir), trainer.global_step)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Add a step's figures, where they are: waiting for the device at every step would slow it down."""
        if not trainer.is_global_zero:
            return
        for name, value in trainer.callback_metrics.items():
            if name.startswith("train/"):
                before = self.sums.get(name, torch.zeros(())).to(value.device)
                self.sums[name] = before + value.detach()
        self.n_summed += 1

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Write the file with a further line."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking or not trainer.is_global_zero:
            return
        figures = {"learning_rate": float(trainer.optimizers[0].param_groups[0]["lr"])}
        figures |= {name: float(value) / self.n_summed for name, value in self.sums.items()}
        figures |= {
            name: float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith(("validation/", "usage/"))
        }
        self.rows = [row for row in self.rows if int(row["step"]) < trainer.global_step]
        self.rows.append(curve_row(trainer.global_step, self._clock_s(), figures))
        write_curve_rows(RunFolder(trainer.default_root_dir), self.rows)
        self.sums, self.n_summed = {}, 0

    def _clock_s(self) -> float:
        return self.training_s + (0.0 if self._since_s is None else monotonic() - self._since_s)
