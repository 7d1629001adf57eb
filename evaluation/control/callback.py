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
    figures_table,
    measure_crosstalk,
    rows_csv,
)
from evaluation.control.examination import ExaminationSettings, Examined, collect, join
from evaluation.control.judgement import judge
from evaluation.resynthesis.callback import facts_of, track
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from studies.figure import Figure
from studies.run_folder import RunFolder
from studies.run_reports import DriftTable, MeanSweep, write_control
from synths import Clip

LOGGED = ("frave_score", "ordering", "monotonicity", "error_jnd", "off_target_drift_jnd", "leakage")


class ControlEvaluation(Callback):
    """Turns the knobs of some test notes; prints a table and writes control.json and control.csv to the run.

    Args:
        settings: how control is examined
    """

    def __init__(self, settings: ExaminationSettings | None = None) -> None:
        self.settings = settings or ExaminationSettings()
        self.examined: list[Examined] = []
        self.figures: list[Figure] = []
        self.stride, self.n_seen = 1, 0

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing examined, and spread the notes over the split."""
        self.figures, self.n_seen, self.examined = [], 0, []
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
                drawn=self.settings.as_published,
            )
        )

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and print what the knobs did."""
        if not self.examined:
            return
        run = RunFolder(trainer.default_root_dir)
        sweeps, rows, self.figures = judge(module, join(self.examined), self.settings, run.reach_memory)
        write_examination(run, facts_of(trainer, module), sweeps, rows, self.figures)
        console = Console()
        console.print(figures_table(self.figures))
        if sweeps.reach_unknown:
            console.print(f"Of the requests, {sweeps.reach_unknown}")
        console.print(f"Written: {run.control}, {run.control_rows.name}")
        if trainer.logger is not None:
            overall = {f.name: f.value for f in self.figures if not (f.knob or f.family or f.register)}
            trainer.logger.log_metrics({f"test/{name}": overall[name] for name in LOGGED})


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
    run: RunFolder, facts: dict[str, Any], sweeps: KnobSweeps, rows: Sequence[ControlRow], figures: Sequence[Figure]
) -> None:
    """Write control.json and control.csv into a run's folder."""
    columns, measured = sweeps.columns, measure_crosstalk(sweeps)
    crosstalk = DriftTable(sweeps.knobs, [column.name for column in columns], measured.drift_jnd, measured.change)
    means = [
        MeanSweep(
            column.name,
            column.unit,
            sweeps.positions,
            sweeps.asked_readings[:, index].mean(0),
            _mean_of_measured(sweeps.of_knob()[:, index]),
        )
        for index, column in enumerate(columns[: sweeps.n_knobs])
    ]
    remarks = [f"Of the requests, {sweeps.reach_unknown}"] if sweeps.reach_unknown else []
    write_control(run, facts, figures, crosstalk, means, remarks, rows_csv(rows))


def _mean_of_measured(values: np.ndarray) -> np.ndarray:
    """(N, P) -> (P,) means over the notes where there is a value, NaN where there is none."""
    return np.asarray(np.ma.masked_invalid(values).mean(axis=0).filled(math.nan))
