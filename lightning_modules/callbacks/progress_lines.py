"""Progress of a run as lines of text, for a file that nobody watches."""

import time

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn


class ProgressLines(Callback):
    """Prints a line when training begins and one after every validation: steps, their speed, what was validated."""

    def __init__(self) -> None:
        self._step, self._time_s = 0, 0.0

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """From which step on, with how many processes."""
        self._step, self._time_s = trainer.global_step, time.monotonic()
        if trainer.is_global_zero:
            plural = "es" if trainer.world_size > 1 else ""
            print(f"Training from step {trainer.global_step} on {trainer.world_size} process{plural}.", flush=True)

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Where training is."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking or not trainer.is_global_zero:
            return
        now_s = time.monotonic()
        speed = (trainer.global_step - self._step) / max(now_s - self._time_s, 1e-9)
        self._step, self._time_s = trainer.global_step, now_s
        figures = [
            f"{name.removeprefix('validation/').replace('_', ' ')} {float(value):.4g}"
            for name, value in trainer.callback_metrics.items()
            if name.startswith("validation/")
        ]
        of, left = "", ""
        if trainer.max_steps > 0:
            of = f" of {trainer.max_steps}"
            n_left = trainer.max_steps - trainer.global_step
            left = f", {spoken_s(n_left / speed)} left" if n_left and speed else ""
        print(f"Step {trainer.global_step}{of}, {speed:.3g} per second{left}: {', '.join(figures)}.", flush=True)


def spoken_s(seconds: float) -> str:
    """A time as it is said: two numbers at most."""
    minutes, hours = seconds / 60.0, seconds / 3600.0
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90.0 else f"{hours:.1f} h"
