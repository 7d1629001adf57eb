"""`timbre test`: whether the knobs do what they say, and nothing else."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from lightning import Callback, Trainer
from rich.console import Console

from evaluation.control import (
    ControlRow,
    KnobSweeps,
    drift_table,
    figures_table,
    rows_csv,
)
from evaluation.control.examination import ExaminationSettings, Examined, collect, join
from evaluation.control.judgement import judge
from evaluation.renderings import Way, ways_of
from evaluation.resynthesis.callback import facts_of, logged_name, track
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from studies.figure import Figure
from studies.run_folder import RunFolder
from studies.run_reports import MeanSweep, write_control
from synths import Clip

LOGGED = (
    *("frave_score", "ordering", "monotonicity", "error_jnd", "off_target_drift_jnd", "leakage"),
    *("within_quarter", "all_met", "error_jnd_p95", "held_error_jnd"),
)


class ControlEvaluation(Callback):
    """Turns the knobs of some test notes; prints a table and writes control.json and control.csv to the run.

    Args:
        settings: how control is examined
    """

    def __init__(self, settings: ExaminationSettings | None = None) -> None:
        self.settings = settings or ExaminationSettings()
        self.examined: list[Examined] = []
        self.figures: list[Figure] = []
        self.ways: list[Way] = []
        self.remarks: list[str] = []
        self.stride, self.n_seen = 1, 0

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing examined, and spread the notes over the split."""
        self.figures, self.n_seen, self.examined = [], 0, []
        self.ways, self.remarks = ways_of(module, self.settings.renderings)
        if not self.settings.n_notes:
            return
        n_notes = len(trainer.test_dataloaders.dataset)  # type: ignore[union-attr]
        self.stride = max(1, math.ceil(n_notes / self.settings.n_notes))

    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Examine every `stride`-th note of a model that has knobs."""
        indices = range(self.n_seen, self.n_seen + len(batch.name))
        self.n_seen += len(batch.name)
        chosen = [place for place, index in enumerate(indices) if index % self.stride == 0]
        if not chosen or not self.settings.n_notes or not module.encoder.knobs:
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        clips = some_of(batch, chosen)
        self.examined.append(
            collect(
                module,
                clips,
                families_of(clips, data.family_label, data.label_names),
                lambda audio: track(data.tracker, audio.cpu(), module.clip),
                self.ways,
                drawn=self.settings.as_published,
            )
        )

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and print what the knobs did."""
        if not self.examined:
            return
        run = RunFolder(trainer.default_root_dir)
        sweeps, rows, self.figures = judge(module, join(self.examined), self.settings, run.reach_memory, self.ways)
        remarks = [f"Of the requests, {sweeps[0].reach_unknown}"] if sweeps[0].reach_unknown else []
        remarks += self.remarks
        write_examination(run, facts_of(trainer, module), sweeps, rows, self.figures, remarks)
        console = Console()
        for line in (figures_table(self.figures), *remarks, f"Written: {run.control}, {run.control_rows.name}"):
            console.print(line)
        if trainer.logger is not None:
            overall = [f for f in self.figures if f.name in LOGGED and not (f.knob or f.family or f.register)]
            trainer.logger.log_metrics({logged_name(f.name, f.rendering): f.value for f in overall})


def some_of(clips: Clip, places: Sequence[int]) -> Clip:
    """A batch of fewer notes."""
    chosen = list(places)
    labels = {name: value[chosen] for name, value in clips.labels.items()}
    names = [clips.name[place] for place in chosen]
    return Clip(clips.audio[chosen], clips.f0_hz[chosen], clips.confidence[chosen], names, labels)


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
