"""A point of a sweep ends where it lies behind the others."""

from pathlib import Path
from typing import Any, Literal

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from studies.sweep import Halving


class EndBehind(Callback):
    """Ends the training after a validation at which the run is not among the best of its sweep's points so far.

    `timbre sweep` gives it to every point of a sweep whose file says `early_terminate`. Checkpoints stay: the run can
    be resumed with `--ckpt_path last`. With several processes the first one decides.

    Args:
        figure: of the validation
        goal: minimize or maximize
        first: validations before the first comparison
        eta: one of so many goes on
    """

    def __init__(
        self, figure: str, goal: Literal["minimize", "maximize"] = "minimize", first: int = 1, eta: int = 3
    ) -> None:
        self.rule = Halving(figure, goal, first, eta)
        self.n_validations, self.is_behind = 0, False

    def state_dict(self) -> dict[str, Any]:
        """How many validations there were, and what was decided."""
        return {"n_validations": self.n_validations, "is_behind": self.is_behind}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.n_validations, self.is_behind = state_dict["n_validations"], state_dict["is_behind"]

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """A run that was killed after it was found behind, before it had ended, ends now."""
        trainer.should_stop |= self.is_behind

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Compare."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        self.n_validations += 1
        if not self.rule.compares_after(self.n_validations):
            return
        own = float(trainer.callback_metrics.get(self.rule.figure, float("nan")))
        others = self.rule.others(Path(trainer.default_root_dir), self.n_validations)
        self.is_behind = bool(trainer.strategy.broadcast(self.rule.is_behind(own, others)))
        trainer.should_stop |= self.is_behind
