"""`timbre test`: a few notes with every knob at five positions, to be listened to beside the numbers."""

import math
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch import Tensor

from evaluation.control.callback import some_of
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.callbacks.listen import write_wav
from lightning_modules.knobs import KnobSweep, sweep
from studies.run_folder import RunFolder
from studies.run_sounds import Slider, slider_file, write_sliders
from synths import Clip

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)


class SliderSweeps(Callback):
    """Turns every knob of some test notes; WAVs and sliders.json go to sliders/, a table to listen in to W&B.

    Does nothing with a model that has no knobs.

    Args:
        n_notes: how many notes, spread over the split
    """

    def __init__(self, n_notes: int = 2) -> None:
        self.n_notes = n_notes
        self.sounds: list[tuple[Slider, Tensor]] = []
        self.stride, self.n_seen, self.n_chosen = 1, 0, 0

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing turned."""
        self.sounds, self.n_seen, self.n_chosen = [], 0, 0
        n_notes = len(trainer.test_dataloaders.dataset)  # type: ignore[union-attr]
        self.stride = max(1, math.ceil(n_notes / max(1, self.n_notes)))

    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Turn the knobs of the notes that are chosen from a batch."""
        for place in range(len(batch.name)):
            if (self.n_seen + place) % self.stride == 0 and self.n_chosen < self.n_notes:
                self.sounds += _turned(module, some_of(batch, [place]), self.n_chosen)
                self.n_chosen += 1
        self.n_seen += len(batch.name)

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write the sounds, and log them."""
        if not self.sounds:
            return
        run = RunFolder(trainer.default_root_dir)
        for slider, audio in self.sounds:
            write_wav(run.sliders / slider.file, audio, module.clip.sample_rate)
        sliders = [slider for slider, _ in self.sounds]
        write_sliders(run, sliders)
        print(f"Written: {run.slider_list} and {len(sliders)} sounds")
        if isinstance(trainer.logger, WandbLogger):
            trainer.logger.experiment.log({"test/sliders": _table(run.sliders, sliders)})


def _turned(module: TimbreAutoencoder, clips: Clip, number: int) -> list[tuple[Slider, Tensor]]:
    """Every knob of a batch of one note at every position."""
    sounds = []
    for descriptor in module.encoder.each_descriptor():
        turned = _repeatable_sweep(module, clips, descriptor.name)
        asked = descriptor.value_at(turned.asked_positions.to(turned.measured_positions.device)).tolist()
        measured = descriptor.value_at(turned.measured_positions[0]).tolist()
        audio = turned.audio[0].cpu()
        for position, *values, sound in zip(POSITIONS, asked, measured, audio, strict=True):
            asked_for, found = (value if math.isfinite(value) else None for value in values)
            file = slider_file(number, descriptor.name, position)
            slider = Slider(clips.name[0], descriptor.name, position, asked_for, found, descriptor.unit, file)
            sounds.append((slider, sound))
    return sounds


def _repeatable_sweep(module: TimbreAutoencoder, clips: Clip, knob: str) -> KnobSweep:
    """A sweep with the same noise at every test; the caller's random numbers are not touched."""
    with torch.random.fork_rng(devices=[clips.audio.device] if clips.audio.is_cuda else []):
        torch.manual_seed(0)
        return sweep(module, clips.audio, clips.f0_hz, knob, POSITIONS)


def _table(folder: Path, sliders: list[Slider]) -> Any:
    import wandb

    table = wandb.Table([*Slider._fields[:-1], "audio"])
    for slider in sliders:
        table.add_data(*slider[:-1], wandb.Audio(str(folder / slider.file)))
    return table
