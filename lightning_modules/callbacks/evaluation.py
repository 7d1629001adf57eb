"""`timbre test`: how good the resynthesis of held-out notes is, and whether the knobs do what they say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, Trainer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from lightning_modules.knobs import sweep
from lightning_modules.metrics import (
    METRICS,
    Metric,
    MetricSummary,
    NoteRow,
    Pair,
    measure_notes,
    readable,
    summary_table,
)
from lightning_modules.metrics import write_report as write_metrics
from lightning_modules.provenance import provenance
from lightning_modules.whole_files import written_whole

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)


class Evaluation(Callback):
    """Measures every test note, prints two tables and writes metrics.json, notes.csv and knobs.json to the run.

    Args:
        n_swept: how many notes have their knobs turned
    """

    def __init__(self, n_swept: int = 32) -> None:
        self.n_swept = n_swept
        self.metrics: list[Metric] = []
        self.rows: list[NoteRow] = []
        self.summaries: list[MetricSummary] = []
        self.swept: dict[str, list[Tensor]] = {}

    def on_test_start(self, trainer: Trainer, module: Any) -> None:
        """Begin with nothing measured."""
        self.metrics = [metric(module.clip) for metric in METRICS]
        self.rows, self.swept = [], {knob: [] for knob in module.encoder.knobs}

    def on_test_batch_end(
        self, trainer: Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Measure a batch of notes."""
        output = outputs.audio.cpu()
        f0_hz, confidence = track(trainer.datamodule.tracker, output, module.clip)  # type: ignore[attr-defined]
        pair = Pair(batch.audio.cpu(), output, batch.f0_hz.cpu(), f0_hz, batch.confidence.cpu(), confidence)
        self.rows += measure_notes(self.metrics, pair, batch.name)
        n_left = self.n_swept - sum(len(measured) for measured in next(iter(self.swept.values()), []))
        if n_left > 0:
            for knob, measured in self.swept.items():
                turned = sweep(module, batch.audio[:n_left], batch.f0_hz[:n_left], knob, POSITIONS)
                measured.append(turned.measured.cpu())

    def on_test_end(self, trainer: Trainer, module: Any) -> None:
        """Write and print what was measured."""
        folder = Path(trainer.default_root_dir)
        facts = {
            "run": folder.name,
            "f0_tracker": str(module.f0_tracker),
            "steps": module.trained_steps,
            "parameters": n_parameters(module),
            **provenance(),
        }
        self.summaries = write_metrics(folder, self.metrics, self.rows, facts)
        knobs = [knob_summary(module, knob, torch.cat(measured)) for knob, measured in self.swept.items() if measured]
        with written_whole(folder / "knobs.json") as partial:
            partial.write_text(json.dumps(knobs, indent=2) + "\n")
        console = Console()
        console.print(summary_table(self.summaries))
        if knobs:
            console.print(knob_table(knobs))
        console.print(f"Written: {folder}/metrics.json, notes.csv, knobs.json")
        if trainer.logger is not None:
            trainer.logger.log_metrics({f"test/{summary.name}": summary.mean for summary in self.summaries})


def track(tracker: Any, audio: Tensor, clip: Any) -> tuple[Tensor, Tensor]:
    """(B, N) audio -> its (B, F) pitch in Hz and confidence; where nothing is heard, 1 Hz and no confidence."""
    tracks = []
    for sound in audio.numpy():
        try:
            tracks.append(tracker.track(sound, clip))
        except ValueError:
            n_frames = len(sound) // clip.hop
            tracks.append((np.ones(n_frames, np.float32), np.zeros(n_frames, np.float32)))
    f0_hz, confidence = zip(*tracks, strict=True)
    return torch.from_numpy(np.stack(f0_hz)), torch.from_numpy(np.stack(confidence))


def n_parameters(module: torch.nn.Module) -> int:
    """How many numbers the model has learnt."""
    return sum(parameter.numel() for parameter in module.parameters())


def knob_summary(module: Any, knob: str, measured: Tensor) -> dict[str, Any]:
    """(notes, P) measured positions of a knob swept over POSITIONS -> what it did, in its unit."""
    descriptor = next(d for d in module.encoder.each_descriptor() if d.name == knob)
    asked = torch.tensor(POSITIONS)
    rises = (measured.diff(dim=1) > 0).float().mean()
    low, high = descriptor.span.tolist()
    return {
        "knob": knob,
        "unit": descriptor.unit,
        "range": [low, high],
        "asked": descriptor.from_unit(asked).tolist(),
        "measured": descriptor.from_unit(measured.mean(0)).tolist(),
        "error": ((measured - asked).abs().mean() * (high - low)).item(),
        "rising_steps": rises.item(),
        "notes": len(measured),
    }


def knob_table(knobs: list[dict[str, Any]]) -> Table:
    """Summaries of knobs -> a table for the terminal."""
    table = Table("knob", "unit", "range", title="Knobs turned, mean over notes")
    for column in ("error", "rising steps", "notes"):
        table.add_column(column, justify="right")
    for knob in knobs:
        span = " to ".join(readable(end) for end in knob["range"])
        rising = f"{100 * knob['rising_steps']:.0f} %"
        table.add_row(knob["knob"], knob["unit"], span, readable(knob["error"]), rising, str(knob["notes"]))
    return table
