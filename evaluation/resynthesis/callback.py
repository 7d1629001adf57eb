"""`timbre test`: how good the resynthesis of held-out notes is."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from lightning import Callback, Trainer
from rich.console import Console
from torch import Tensor

from evaluation.keeping import Keeping, all_together, place_of
from evaluation.renderings import LIVE, RENDERINGS, Way, one_thread, same_noise, turned_controls, ways_of
from evaluation.resynthesis import (
    METRICS,
    QUICK_METRICS,
    Metric,
    NoteRow,
    Pair,
    measure_notes,
    not_finite_sentence,
    summary_table,
    write_report,
)
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.provenance import provenance
from studies.figure import OPEN, MetricSummary
from studies.run_folder import RunFolder
from synths import Clip, ClipFormat

PART = "resynthesis"
NOTE_COST = 0.3
"""CPU seconds per second of sound, mostly ViSQOL's."""


class Tracker(Protocol):
    """What hears pitch; the data's own."""

    def track(self, audio: np.ndarray, clip: ClipFormat) -> tuple[np.ndarray, np.ndarray]:
        """(N,) audio -> (F,) pitch in Hz, always positive, and (F,) confidence in 0..1."""
        ...


class Evaluation(Callback):
    """Measures every test note, prints a table and writes metrics.json and notes.csv to the run.

    Args:
        renderings: names of `evaluation.renderings` that are measured, those that the model has: the exact one without
            ViSQOL, which takes longer than all else, and none live, a frame at a time, which takes longer still
        keeping: the test's journal and progress
    """

    def __init__(self, renderings: Sequence[str] = RENDERINGS, keeping: Keeping | None = None) -> None:
        self.keeping = keeping or Keeping()
        self.renderings = [name for name in renderings if name != LIVE]
        self.ways: list[Way] = []
        self.metrics: list[Metric] = []
        self.quick: list[Metric] = []
        self.rows: list[NoteRow] = []
        self.summaries: list[MetricSummary] = []

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing measured."""
        self.metrics, self.rows = [metric(module.clip) for metric in METRICS], []
        self.quick = [metric for metric in self.metrics if isinstance(metric, QUICK_METRICS)]
        self.ways, _ = ways_of(module, self.renderings)
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        n_notes = len(data.test_batches) * data.batch_size
        self.keeping.progress.expect(PART, n_notes, NOTE_COST * module.clip.duration_s)

    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Measure a batch of notes, as it was rendered and by the other ways, unless that was kept."""
        journal, numbers = self.keeping.journal, [str(number) for _, number in place_of(trainer, batch, batch_idx)]
        if all((PART, number) in journal for number in numbers):
            return
        rows = self._measured(trainer, module, outputs, batch)
        for place, number in enumerate(numbers):
            journal.add(PART, number, [list(row) for row in rows[place :: len(numbers)]])

    def _measured(self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip) -> list[NoteRow]:
        """A row for each note of a batch by the open way, then by each other."""
        rows: list[NoteRow] = []
        tracker, target, told = trainer.datamodule.second_tracker, batch.audio.cpu(), batch.f0_hz.cpu()  # type: ignore[attr-defined]
        target_hz, target_sure = track(tracker, target, module.clip)
        # What lies outside its range it hears octaves off, and alike on both sides: such frames are not judged.
        target_sure = target_sure * ((told >= tracker.lowest_hz) & (told <= tracker.highest_hz))
        for name, audio in self._rendered(module, outputs, batch):
            output = audio.cpu()
            heard = output.nan_to_num(0.0, 0.0, 0.0)  # a tracker refuses what is not sound; no figure counts it
            output_hz, output_sure = track(tracker, heard, module.clip)
            pair = Pair(target, output, target_hz, output_hz, target_sure, output_sure)
            rows += measure_notes(self.metrics if name == OPEN else self.quick, pair, batch.name, name)
        return rows

    def _rendered(self, module: TimbreAutoencoder, outputs: Rendering, batch: Clip) -> Iterator[tuple[str, Tensor]]:
        """Name of each way, and its (B, N) sound of the notes as they are."""
        yield OPEN, outputs.audio
        for way in self.ways[1:]:
            sounding = module.encoder.sounding(batch.audio, module.encoder.judged_every)
            with same_noise(module.device), one_thread():
                none = turned_controls(module, [""] * len(batch.name))
                yield way.name, way.put_together(batch.f0_hz, outputs.encoding, sounding, none).audio

    def on_test_epoch_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Gather what all processes measured, in the order of the split."""
        all_together(trainer, self.keeping.journal)
        kept = self.keeping.journal.of(PART)
        self.rows = [NoteRow(*row) for number in sorted(kept, key=int) for row in kept[number]]

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and print what was measured."""
        if not trainer.is_global_zero:
            return
        run = RunFolder(trainer.default_root_dir)
        facts = {**facts_of(trainer, module), "second_tracker": trainer.datamodule.second_tracker.identity}  # type: ignore[attr-defined]
        self.summaries = write_report(run, self.metrics, self.rows, facts)
        console = Console()
        console.print(summary_table(self.summaries))
        if said := not_finite_sentence(self.rows):
            console.print(said)
        console.print(f"Written: {run.metrics}, {run.notes.name}")
        if trainer.logger is not None:
            trainer.logger.log_metrics({logged_name(s.name, s.rendering): s.mean for s in self.summaries})


def facts_of(trainer: Trainer, module: TimbreAutoencoder) -> dict[str, Any]:
    """What a reader needs to place the numbers of a report."""
    return {
        "run": RunFolder(trainer.default_root_dir).path.name,
        "f0_tracker": str(module.f0_tracker),
        "steps": module.trained_steps,
        "parameters": n_parameters(module),
        **provenance(),
    }


def track(tracker: Tracker, audio: Tensor, clip: ClipFormat) -> tuple[Tensor, Tensor]:
    """(B, N) audio -> its (B, F) pitch in Hz and confidence; where nothing is heard, 1 Hz and no confidence."""
    tracks = []
    for sound in audio.numpy():
        try:
            tracks.append(tracker.track(sound, clip))
        except Exception:  # whatever it is, one note never costs the others their numbers
            n_frames = len(sound) // clip.hop
            tracks.append((np.ones(n_frames, np.float32), np.zeros(n_frames, np.float32)))
    f0_hz, confidence = zip(*tracks, strict=True)
    return torch.from_numpy(np.stack(f0_hz)), torch.from_numpy(np.stack(confidence))


def logged_name(figure: str, rendering: str, knob: str | None = None) -> str:
    """What a logger calls a figure of the test: test/FIGURE of the open sound, test/RENDERING/FIGURE of another.

    That of one knob is called knobs/KNOB/FIGURE there.
    """
    place = "test" if rendering == OPEN else f"test/{rendering}"
    return f"{place}/knobs/{knob}/{figure}" if knob else f"{place}/{figure}"


def n_parameters(module: torch.nn.Module) -> int:
    """How many numbers the model has learnt."""
    return sum(parameter.numel() for parameter in module.parameters())
