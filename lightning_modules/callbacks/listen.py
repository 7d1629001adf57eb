"""The same few validation clips after every validation, to hear and see a run learn."""

from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch import Tensor

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.pictures import pair_figure
from lightning_modules.wav import write_wav
from output.pictures import save_png
from studies.run_folder import RunFolder
from studies.run_sounds import sample_of
from synths import Clip


class Listen(Callback):
    """Keeps target and resynthesis of the first validation clips: WAV and PNG in samples/, and in W&B.

    Args:
        n_clips: how many
    """

    def __init__(self, n_clips: int = 3) -> None:
        self.n_clips = n_clips
        self._heard: list[tuple[str, Tensor, Tensor]] = []

    def on_validation_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Render the fixed clips, all of which are in the first batch."""
        if batch_idx == 0 and not trainer.sanity_checking and trainer.is_global_zero:
            audio = batch.audio[: self.n_clips]
            output = module(audio, batch.f0_hz[: self.n_clips]).audio
            self._heard = list(zip(batch.name, audio.cpu(), output.cpu(), strict=False))

    def on_validation_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and log them."""
        run = RunFolder(trainer.default_root_dir)
        logged: dict[str, Any] = {}
        for number, (name, target, output) in enumerate(self._heard):
            files = sample_of(run, number, name)
            write_wav(files.target, target, module.clip.sample_rate)
            write_wav(files.resynthesis, output, module.clip.sample_rate)
            save_png(pair_figure(target, output, module.clip, f"{name}, step {trainer.global_step}"), files.picture)
            logged |= _for_wandb(trainer, number, name, target, output, files.picture, module.clip.sample_rate)
        if logged:
            trainer.logger.experiment.log(logged)  # type: ignore[union-attr]
        self._heard = []


def _for_wandb(
    trainer: Trainer, number: int, name: str, target: Tensor, output: Tensor, picture: Path, sample_rate: int
) -> dict[str, Any]:
    if not isinstance(trainer.logger, WandbLogger):
        return {}
    import wandb

    def sound(audio: Tensor) -> Any:
        return wandb.Audio(torch.nan_to_num(audio).clamp(-1, 1).numpy(), sample_rate=sample_rate, caption=name)

    return {
        f"samples/{number}/target": sound(target),
        f"samples/{number}/resynthesis": sound(output),
        f"samples/{number}/log_mel": wandb.Image(str(picture), caption=name),
        "trainer/global_step": trainer.global_step,
    }
