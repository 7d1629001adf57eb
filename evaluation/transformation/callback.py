"""`timbre test` on pairs: what a source becomes with its target's knobs, against what the device made of it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lightning import Callback, Trainer
from rich.console import Console
from torch import Tensor

from evaluation.keeping import Keeping, all_together, place_of
from evaluation.resynthesis import F0L1, METRICS, SISDR, SNR, Metric, Pair, measured
from evaluation.resynthesis.callback import facts_of
from evaluation.transformation.metrics import (
    NO_CONTROLS,
    NO_RESIDUAL,
    ComparedNote,
    TransformationResult,
    compare,
    criteria_of,
    knob_errors,
    notes_csv,
    report_of,
    transformation_tables,
)
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import Encoder
from output.whole_files import write_text
from studies.run_files import write_json
from studies.run_folder import RunFolder
from synths import Clip, measure_all

PART = "pairs"
COMPARED_BY: tuple[type[Metric], ...] = tuple(metric for metric in METRICS if metric not in (F0L1, SNR, SISDR))
"""All but those of pitch, which a pair has in common, and of waveforms, whose phases only the untouched source has."""


class Transformation(Callback):
    """Gives the source of every test pair its target's knobs; prints tables, writes transformation.json and .csv.

    Does nothing with data that has no pairs.

    Args:
        metrics: what sounds are compared with the target by, beside the model's knobs
        keeping: the test's journal and progress
    """

    def __init__(self, metrics: Sequence[type[Metric]] = COMPARED_BY, keeping: Keeping | None = None) -> None:
        self.compared_by, self.keeping = metrics, keeping or Keeping()
        self.metrics: list[Metric] = []
        self.notes: list[ComparedNote] = []
        self.comparisons: list[TransformationResult] = []

    def on_test_start(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Begin with nothing compared."""
        self.metrics = [metric(module.clip) for metric in self.compared_by]
        self.notes, self.comparisons = [], []

    @torch.no_grad()
    def on_test_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Compare a batch of pairs."""
        if batch.untouched is None:
            return
        journal, numbers = self.keeping.journal, [str(number) for _, number in place_of(trainer, batch, batch_idx)]
        if all((PART, number) in journal for number in numbers):
            return
        values = compare_batch(module, self.metrics, batch, sounds_of(module, outputs, batch))
        devices = devices_of(batch, trainer.datamodule.label_names)  # type: ignore[attr-defined]
        for number, *note in zip(numbers, batch.name, devices, values, strict=True):
            journal.add(PART, number, note)

    def on_test_epoch_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Gather what all processes compared, in the order of the split."""
        all_together(trainer, self.keeping.journal)
        kept = self.keeping.journal.of(PART)
        self.notes = [ComparedNote(*kept[number]) for number in sorted(kept, key=int)]

    def on_test_end(self, trainer: Trainer, module: TimbreAutoencoder) -> None:  # type: ignore[override]
        """Write and print what came nearer."""
        if not self.notes or not trainer.is_global_zero:
            return
        run, criteria = RunFolder(trainer.default_root_dir), criteria_of(self.metrics, module.encoder.each_descriptor())
        self.comparisons, remark = compare(criteria, self.notes), remark_on(module.encoder)
        write_transformation(run, facts_of(trainer, module), self.comparisons, self.notes, remark)
        console = Console()
        for printed in (*transformation_tables(self.comparisons), *([remark] if remark else [])):
            console.print(printed)
        console.print(f"Written: {run.transformation}, {run.transformation_rows.name}")
        if trainer.logger is not None:
            trainer.logger.log_metrics(logged(self.comparisons))


def sounds_of(module: TimbreAutoencoder, resynthesis: Rendering, clips: Clip) -> dict[str, Tensor]:
    """What is compared with the targets of B pairs, in the order of `SOUNDS`: (B, N) by name.

    Args:
        module: the model
        resynthesis: of the targets
        clips: the pairs
    """
    source = module.encoder(clips.untouched, clips.f0_hz)
    untransformed = transformed = module.put_together(clips.f0_hz, source).audio
    if module.encoder.controls:
        turned = source._replace(controls=resynthesis.encoding.controls)
        transformed = module.put_together(clips.f0_hz, turned).audio
    assert clips.untouched is not None
    return {
        "untouched": clips.untouched,
        "transformed": transformed,
        "resynthesis_of_untouched": untransformed,
        "resynthesis_of_target": resynthesis.audio,
    }


def compare_batch(
    module: TimbreAutoencoder, metrics: Sequence[Metric], clips: Clip, sounds: Mapping[str, Tensor]
) -> list[dict[str, dict[str, float]]]:
    """(B, N) sounds by name -> for each of B notes, values by sound and criterion."""
    encoder, every = module.encoder, module.encoder.judged_every
    knobs, shape = list(encoder.each_descriptor()), clips.f0_hz[:, ::every].shape
    sounding = encoder.sounding(clips.audio, every).bool()
    columns: dict[str, dict[str, Tensor]] = {}
    target = [value.expand(shape) for value in measure_all(knobs, clips.audio, clips.f0_hz, every)]
    for name, audio in sounds.items():
        read = [value.expand(shape) for value in measure_all(knobs, audio, clips.f0_hz, every)]
        pair = pair_of(clips, audio)
        columns[name] = measured(metrics, pair) | knob_errors(knobs, target, read, sounding)
    return [
        {name: {key: float(value[note]) for key, value in column.items()} for name, column in columns.items()}
        for note in range(len(clips.name))
    ]


def pair_of(clips: Clip, audio: Tensor) -> Pair:
    """Targets and (B, N) sounds of the same pitch, where metrics want them."""
    f0_hz, confidence = clips.f0_hz.cpu(), clips.confidence.cpu()
    return Pair(clips.audio.cpu(), audio.cpu(), f0_hz, f0_hz, confidence, confidence)


def devices_of(clips: Clip, label_names: Mapping[str, Sequence[str]]) -> list[str]:
    """Device of each pair in words, or its number where there are none; "" where the data does not say."""
    if "device" not in clips.labels:
        return [""] * len(clips.name)
    words, numbers = label_names.get("device"), clips.labels["device"].tolist()
    return ["" if math.isnan(number) else words[int(number)] if words else f"{number:g}" for number in numbers]


def remark_on(encoder: Encoder) -> str:
    """What a reader must know of a model that has nothing to transform with, or nothing to keep; else nothing."""
    if not encoder.controls:
        return NO_CONTROLS
    return "" if encoder.residual_size else NO_RESIDUAL


def logged(comparisons: Sequence[TransformationResult]) -> dict[str, float]:
    """What dashboards get: means, share of notes that come nearer, and difference of what is in the table."""
    values: dict[str, float] = {}
    for criterion, sounds, win_rate, difference in comparisons:
        if criterion.label:
            of_criterion = {**sounds, "win_rate": win_rate, "difference": difference}
            values |= {f"test/transformation/{criterion.name}/{key}": value.mean for key, value in of_criterion.items()}
    return values


def write_transformation(
    run: RunFolder,
    facts: Mapping[str, Any],
    comparisons: Sequence[TransformationResult],
    notes: Sequence[ComparedNote],
    remark: str = "",
) -> None:
    """Write transformation.json (all notes, each device) and transformation.csv (a line per note and sound)."""
    criteria = [comparison.criterion for comparison in comparisons]
    write_json(run.transformation, {"facts": facts, **report_of(comparisons, notes, remark)})
    write_text(run.transformation_rows, notes_csv(criteria, notes))
