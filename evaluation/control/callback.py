"""`timbre test`: whether the knobs do what they say, and nothing else."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from lightning import Callback, Trainer
from rich.console import Console

from evaluation.control import (
    ControlRow,
    FraveProtocol,
    KnobSweeps,
    drift_table,
    figures_table,
    rows_csv,
)
from evaluation.control.asked_curves import AskedCurves
from evaluation.control.examination import (
    NOTES_TOGETHER,
    POSITIONS,
    ExaminationSettings,
    Examined,
    collect,
    joined,
    kept_notes,
)
from evaluation.control.judgement import judge
from evaluation.keeping import Keeping, all_together, place_of, some_of, stop_if_asked
from evaluation.renderings import LIVE, Way, same_noise, ways_of
from evaluation.resynthesis.callback import facts_of, logged_name
from evaluation.resynthesis.tracking import track
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from studies.figure import OPEN, Figure
from studies.run_folder import RunFolder
from studies.run_reports import MeanSweep, write_control
from synths import Clip

PART, CURVES, FIGURES = "turned knobs", "curves", "figures"
SOUND_COSTS = {OPEN: 0.006, "exact": 0.025, LIVE: 0.045}
CURVE_COSTS = {OPEN: 0.004, "exact": 0.03, LIVE: 0.05}
JUDGED_COST = 0.3
"""CPU seconds per second of sound, by `python -m benchmarks.examination`: of a turned sound, a curve, a note judged."""
LOGGED = (
    *("frave_score", "ordering", "monotonicity", "error_jnd", "off_target_drift_jnd", "leakage"),
    *("within_quarter", "all_met", "error_jnd_p95", "held_error_jnd"),
)
LOGGED_PER_KNOB = ("error_jnd", "off_target_drift_jnd")


class ControlEvaluation(Callback):
    """Turns the knobs of some test notes; prints a table and writes control.json and control.csv to the run.

    Args:
        settings: how control is examined
        keeping: the test's journal and progress
    """

    def __init__(self, settings: ExaminationSettings | None = None, keeping: Keeping | None = None) -> None:
        self.settings, self.keeping = settings or ExaminationSettings(), keeping or Keeping()
        self.examined: Examined | None = None
        self.figures: list[Figure] = []
        self.ways: list[Way] = []
        self.remarks: list[str] = []
        self.stride = 1

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing examined, and spread the notes over the split."""
        self.figures, self.examined = [], None
        self.ways, self.remarks = ways_of(module, self.settings.renderings)
        if not self.settings.n_notes or not module.encoder.knobs:
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        n_notes = len(data.datasets["test"])
        self.stride = max(1, math.ceil(n_notes / self.settings.n_notes))
        mine = {number * data.batch_size + place for number in data.test_batches for place in range(data.batch_size)}
        left = [n for n in range(0, n_notes, self.stride) if (PART, str(n)) not in self.keeping.journal]
        self.keeping.n_to_turn = len(left)
        n_mine, n_all = len(mine.intersection(left)), len(range(0, n_notes, self.stride))
        self._expect(module, n_mine, n_all, trainer.world_size)

    def _expect(self, module: TimbreAutoencoder, n_mine: int, n_all: int, n_processes: int) -> None:
        """Tell the progress what is to come."""
        progress, duration_s = self.keeping.progress, module.clip.duration_s
        sounds_s = (1 + len(module.encoder.knobs) * len(POSITIONS)) * duration_s
        progress.expect(PART, n_mine, sum(SOUND_COSTS[way.name] for way in self.ways) * sounds_s)
        for way in self.ways:
            curves_s = self.settings.passes * min(n_all, FraveProtocol.batch_size) * duration_s
            n_batches = math.ceil(n_all / FraveProtocol.batch_size / n_processes)
            progress.expect(f"{CURVES}, {way.name}", n_batches, CURVE_COSTS[way.name] * curves_s)
        progress.expect(FIGURES, 1, JUDGED_COST * n_all * duration_s)

    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Examine every `stride`-th note of a model that has knobs, a few together."""
        chosen = [each for each in place_of(trainer, batch, batch_idx) if each[1] % self.stride == 0]
        if not self.settings.n_notes or not module.encoder.knobs:
            return
        for first in range(0, len(chosen), NOTES_TOGETHER):
            places, numbers = zip(*chosen[first : first + NOTES_TOGETHER], strict=True)
            if all((PART, str(number)) in self.keeping.journal for number in numbers):
                continue
            lines = self._examined(trainer, module, some_of(batch, places), numbers[0])
            for number, line in zip(numbers, lines, strict=True):
                self.keeping.journal.add(PART, str(number), line)
            stop_if_asked(trainer)

    def _examined(self, trainer: Trainer, module: TimbreAutoencoder, clips: Clip, seed: int) -> list[dict[str, Any]]:
        """A line for each of a few notes, which have noise of their own."""
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        families = families_of(clips, data.family_label, data.label_names)
        with same_noise(module.device, seed):
            examined = collect(
                module,
                clips,
                families,
                lambda audio: track(data.tracker, audio.cpu(), module.clip),
                self.ways,
                drawn=self.settings.as_published,
            )
        return kept_notes(examined)

    def on_test_epoch_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Gather the notes that all processes examined, and share out the curves that they are to follow."""
        journal = self.keeping.journal
        all_together(trainer, journal)
        kept = journal.of(PART)
        if not kept:
            return
        self.examined = joined([kept[number] for number in sorted(kept, key=int)], module.device)
        asked = AskedCurves(module, self.examined, self.settings)
        for way in self.ways:
            part = f"{CURVES}, {way.name}"
            for batch in range(trainer.global_rank, asked.n_batches, trainer.world_size):
                if (part, str(batch)) not in journal:
                    journal.add(part, str(batch), asked.follow(way, batch))
                    stop_if_asked(trainer)
        all_together(trainer, journal)

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and print what the knobs did."""
        if self.examined is None or not trainer.is_global_zero:
            return
        run, journal = RunFolder(trainer.default_root_dir), self.keeping.journal
        kept = {way.name: journal.of(f"{CURVES}, {way.name}") for way in self.ways}
        followed = {name: [batches[key] for key in sorted(batches, key=int)] for name, batches in kept.items()}
        sweeps, rows, self.figures = judge(module, self.examined, self.settings, run.reach_memory, followed)
        self.keeping.progress.done(FIGURES)
        self.keeping.progress.end()
        remarks = [f"Of the requests, {sweeps[0].reach_unknown}"] if sweeps[0].reach_unknown else []
        remarks += self.remarks
        write_examination(run, facts_of(trainer, module), sweeps, rows, self.figures, remarks)
        console = Console()
        for line in (figures_table(self.figures), *remarks, f"Written: {run.control}, {run.control_rows.name}"):
            console.print(line)
        if trainer.logger is not None:
            logged = [f for f in self.figures if f.name in (LOGGED_PER_KNOB if f.knob else LOGGED)]
            found = [f for f in logged if not (f.family or f.register)]
            trainer.logger.log_metrics({logged_name(f.name, f.rendering, f.knob): f.value for f in found})


def families_of(clips: Clip, label: str, label_names: dict[str, list[str]]) -> list[str]:
    """The word for each note's number in a label, "all" where the data does not say."""
    if label not in clips.labels or label not in label_names:
        return ["all"] * len(clips.name)
    return [label_names[label][number] for number in clips.labels[label].int().tolist()]


def write_examination(
    run: RunFolder,
    facts: dict[str, Any],
    sweeps: Sequence[KnobSweeps],
    rows: Sequence[ControlRow],
    figures: Sequence[Figure],
    remarks: Sequence[str] = (),
) -> None:
    """Write control.json and control.csv into a run's folder; cross-talk is that of the first sweeps, the open ones."""
    means = [
        MeanSweep(
            column.name,
            column.unit,
            each.positions,
            each.asked_readings[:, index].mean(0),
            _mean_of_measured(each.of_knob()[:, index]),
            each.rendering,
        )
        for each in sweeps
        for index, column in enumerate(each.columns[: each.n_knobs])
    ]
    write_control(run, facts, figures, drift_table(sweeps[0]), means, remarks, rows_csv(rows))


def _mean_of_measured(values: np.ndarray) -> np.ndarray:
    """(N, P) -> (P,) means over the notes where there is a value, NaN where there is none."""
    return np.asarray(np.ma.masked_invalid(values).mean(axis=0).filled(math.nan))
