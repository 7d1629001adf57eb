"""`timbre test`: a few notes with every knob at five positions, to be listened to beside the numbers."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch import Tensor

from evaluation.keeping import Keeping, all_together, place_of, some_of
from evaluation.renderings import RENDERINGS, one_thread, same_noise
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.exact import Exact, obstacle_of
from lightning_modules.knobs import KnobSweep, sweep
from lightning_modules.wav import write_wav
from studies.figure import OPEN
from studies.run_folder import RunFolder
from studies.run_sounds import Slider, slider_file, write_sliders
from synths import Clip, Descriptor

PART = "sounds of turned knobs"
SOUND_COST = 0.04
"""CPU seconds per second of a sound that is turned: few are, together."""
POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)


class SliderSweeps(Callback):
    """Turns every knob of some test notes; WAVs and sliders.json go to sliders/, a table to listen in to W&B.

    The knobs are exact, as `timbre render` has them, where the model can do that; sliders.json says which they are.
    Does nothing with a model that has no knobs.

    Args:
        n_notes: how many notes, spread over the split
        renderings: names of `evaluation.renderings`; without "exact" it is the open sound
        keeping: the test's journal and progress
    """

    def __init__(
        self, n_notes: int = 2, renderings: Sequence[str] = RENDERINGS, keeping: Keeping | None = None
    ) -> None:
        self.n_notes, self.renderings, self.keeping = n_notes, renderings, keeping or Keeping()
        self.sliders: list[Slider] = []
        self.stride = 1

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing turned."""
        n_notes = len(trainer.datamodule.datasets["test"])  # type: ignore[attr-defined]
        self.sliders, self.stride = [], max(1, math.ceil(n_notes / max(1, self.n_notes)))
        sounds_s = len(module.encoder.knobs) * len(POSITIONS) * module.clip.duration_s
        self.keeping.progress.expect(PART, self.n_notes if module.encoder.knobs else 0, SOUND_COST * sounds_s)

    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Turn the knobs of the notes that are chosen from a batch, and write their sounds."""
        run, journal = RunFolder(trainer.default_root_dir), self.keeping.journal
        for place, number in place_of(trainer, batch, batch_idx):
            chosen, rest = divmod(number, self.stride)
            if rest or chosen >= self.n_notes or (PART, str(chosen)) in journal:
                continue
            sounds = self._turned(module, some_of(batch, [place]), chosen)
            for slider, audio in sounds:
                write_wav(run.sliders / slider.file, audio, module.clip.sample_rate)
            journal.add(PART, str(chosen), [list(slider) for slider, _ in sounds])

    def on_test_epoch_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Gather what all processes turned."""
        all_together(trainer, self.keeping.journal)
        kept = self.keeping.journal.of(PART)
        self.sliders = [Slider(*slider) for number in sorted(kept, key=int) for slider in kept[number]]

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write the list of the sounds, and log them."""
        if not self.sliders or not trainer.is_global_zero:
            return
        run, sliders = RunFolder(trainer.default_root_dir), self.sliders
        write_sliders(run, sliders)
        print(f"Written: {run.slider_list} and {len(sliders)} sounds")
        if isinstance(trainer.logger, WandbLogger):
            trainer.logger.experiment.log({"test/sliders": _table(run.sliders, sliders)})

    def _turned(self, module: TimbreAutoencoder, clips: Clip, number: int) -> list[tuple[Slider, Tensor]]:
        """Every knob of a batch of one note at every position."""
        if not module.encoder.knobs:
            return []
        exact = Exact(module) if "exact" in self.renderings and not obstacle_of(module) else None
        sounds = []
        for descriptor in module.encoder.each_descriptor():
            with same_noise(module.device), one_thread():
                turned = sweep(module, clips.audio, clips.f0_hz, descriptor.name, POSITIONS, exact)
            sounds += _sliders(turned, descriptor, clips.name[0], number, "exact" if exact else OPEN)
        return sounds


def _sliders(
    turned: KnobSweep, descriptor: Descriptor, note: str, number: int, rendering: str
) -> list[tuple[Slider, Tensor]]:
    """A sweep of one note -> what was asked and measured at each position, and its sound."""
    asked = descriptor.value_at(turned.asked_positions.to(turned.measured_positions.device)).tolist()
    measured = descriptor.value_at(turned.measured_positions[0]).tolist()
    sounds = []
    for position, *values, sound in zip(POSITIONS, asked, measured, turned.audio[0].cpu(), strict=True):
        asked_for, found = (value if math.isfinite(value) else None for value in values)
        file = slider_file(number, descriptor.name, position)
        slider = Slider(note, descriptor.name, position, asked_for, found, descriptor.unit, file, rendering)
        sounds.append((slider, sound))
    return sounds


def _table(folder: Path, sliders: list[Slider]) -> Any:
    import wandb

    shown = [field for field in Slider._fields if field != "file"]
    table = wandb.Table([*shown, "audio"])
    for slider in sliders:
        table.add_data(*(getattr(slider, field) for field in shown), wandb.Audio(str(folder / slider.file)))
    return table
