"""`timbre test`: how good the resynthesis of held-out notes is."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from lightning import Callback, Trainer
from rich.console import Console
from torch import Tensor

from evaluation.keeping import Keeping, all_together, place_of, some_of, stop_if_asked
from evaluation.renderings import LIVE, RENDERINGS, Way, one_thread, same_noise, turned_controls, ways_of
from evaluation.resynthesis import (
    METRICS,
    QUICK_METRICS,
    Metric,
    NoteRow,
    measure_notes,
    not_finite_sentence,
    summary_table,
    write_report,
)
from evaluation.resynthesis.between import FittedNote, between, bounds_table
from evaluation.resynthesis.fits import NoteFits, why_not_fitted
from evaluation.resynthesis.tracking import TrackedTarget
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.provenance import provenance
from studies.figure import OPEN, MetricSummary
from studies.run_folder import RunFolder
from synths import Clip

PART = "resynthesis"
FITS = "fits"
NOTE_COST, FIT_COST = 0.3, 0.7
"""CPU seconds per second of sound, mostly ViSQOL's; of a fit, which is judged twice."""


class Evaluation(Callback):
    """Measures every test note, prints a table and writes metrics.json and notes.csv to the run.

    Args:
        renderings: names of `evaluation.renderings` that are measured, those that the model has: the exact one without
            ViSQOL, which takes longer than all else, and none live, a frame at a time, which takes longer still
        keeping: the test's journal and progress
        fitted_notes: to how many notes the synth is fitted too, spread over the split: what it could do without a
            network; 0 for none
    """

    def __init__(
        self, renderings: Sequence[str] = RENDERINGS, keeping: Keeping | None = None, fitted_notes: int = 0
    ) -> None:
        self.keeping = keeping or Keeping()
        self.renderings = [name for name in renderings if name != LIVE]
        self.fitted_notes, self.stride = fitted_notes, 1
        self.ways: list[Way] = []
        self.metrics: list[Metric] = []
        self.quick: list[Metric] = []
        self.rows: list[NoteRow] = []
        self.fitted: list[FittedNote] = []
        self.fits: NoteFits | None = None
        self.remark = ""
        self.summaries: list[MetricSummary] = []

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing measured."""
        self.metrics, self.rows, self.fitted = [metric(module.clip) for metric in METRICS], [], []
        self.quick = [metric for metric in self.metrics if isinstance(metric, QUICK_METRICS)]
        self.ways, _ = ways_of(module, self.renderings)
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        n_notes = len(data.test_batches) * data.batch_size
        self.keeping.progress.expect(PART, n_notes, NOTE_COST * module.clip.duration_s)
        self.fits, self.remark = None, why_not_fitted(module.synth) if self.fitted_notes else ""
        if self.fitted_notes and not self.remark:
            memory = RunFolder(trainer.default_root_dir).fit_memory
            self.fits = NoteFits(module.synth, self.metrics, data.second_tracker, memory)
            self.stride = max(1, math.ceil(len(data.datasets["test"]) / self.fitted_notes))
            self.keeping.progress.expect(FITS, n_notes // self.stride, FIT_COST * module.clip.duration_s)

    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Measure a batch of notes, as it was rendered and by the other ways, and fit some; what was kept stands."""
        journal, numbers = self.keeping.journal, [str(number) for _, number in place_of(trainer, batch, batch_idx)]
        if not all((PART, number) in journal for number in numbers):
            rows = self._measured(trainer, module, outputs, batch)
            for place, number in enumerate(numbers):
                journal.add(PART, number, [list(row) for row in rows[place :: len(numbers)]])
        for place, number in enumerate(numbers):
            if self.fits and int(number) % self.stride == 0 and (FITS, number) not in journal:
                journal.add(FITS, number, [list(row) for row in self.fits.rows(some_of(batch, [place]))])
                stop_if_asked(trainer)

    def _measured(self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip) -> list[NoteRow]:
        """A row for each note of a batch by the open way, then by each other."""
        rows: list[NoteRow] = []
        tracker = trainer.datamodule.second_tracker  # type: ignore[attr-defined]
        target = TrackedTarget(tracker, batch.audio, batch.f0_hz, module.clip)
        for name, audio in self._rendered(module, outputs, batch):
            metrics = self.metrics if name == OPEN else self.quick
            rows += measure_notes(metrics, target.with_output(audio), batch.name, name)
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
        fits = self.keeping.journal.of(FITS)
        rows = ((kept[number][0], *fits[number]) for number in sorted(fits, key=int))
        self.fitted = [FittedNote(*(NoteRow(*row) for row in each)) for each in rows]

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and print what was measured."""
        if not trainer.is_global_zero:
            return
        run = RunFolder(trainer.default_root_dir)
        facts = {**facts_of(trainer, module), "second_tracker": trainer.datamodule.second_tracker.identity}  # type: ignore[attr-defined]
        bounds, fits = between(self.metrics, self.fitted), [row for note in self.fitted for row in note[1:]]
        self.summaries = write_report(run, self.metrics, self.rows, facts, bounds, fits)
        console = Console()
        console.print(summary_table(self.summaries))
        if bounds:
            console.print(bounds_table(bounds))
        if self.remark:
            console.print(self.remark)
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


def logged_name(figure: str, rendering: str, knob: str | None = None) -> str:
    """What a logger calls a figure of the test: test/FIGURE of the open sound, test/RENDERING/FIGURE of another.

    That of one knob is called knobs/KNOB/FIGURE there.
    """
    place = "test" if rendering == OPEN else f"test/{rendering}"
    return f"{place}/knobs/{knob}/{figure}" if knob else f"{place}/{figure}"


def n_parameters(module: torch.nn.Module) -> int:
    """How many numbers the model has learnt."""
    return sum(parameter.numel() for parameter in module.parameters())
