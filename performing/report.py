"""What a test says of a performer: performance.json in the run's folder, and a table."""

import json
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer

from output.numbers import readable
from output.whole_files import write_text
from performing.judged import FIGURES, summary

REPORT = "performance.json"


class PerformanceReport(Callback):
    """Gathers the figures of all test notes, writes and prints them.

    Args:
        folder: of the run
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / REPORT
        self.figures: list[dict[str, float]] = []

    def on_test_batch_end(
        self,
        trainer: Trainer,
        module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep a batch's."""
        self.figures += outputs

    def on_test_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Write and print.

        Raises:
            ValueError: no test note sounds
        """
        if not self.figures:
            raise ValueError("no test note sounds: there is nothing to judge.")
        found = summary(self.figures)
        told = {
            name: {"unit": FIGURES[name][0], "definition": FIGURES[name][1], **each} for name, each in found.items()
        }
        write_text(self.path, json.dumps({"n_notes": len(self.figures), "figures": told}, indent=2))
        print(table(found))
        print(f"Written: {self.path}")


def table(found: dict[str, dict[str, float]]) -> str:
    """A line for each figure: mean, interval, median, n."""
    lines = [f"{'':20} {'mean':>8}  {'95 %':16} {'median':>8} {'notes':>6}"]
    for name, each in found.items():
        interval = f"{readable(each['low'])} to {readable(each['high'])}"
        words = name.rsplit("_", 1)[0] if name.endswith(("_db", "_ms", "_cents")) else name
        unit = "" if FIGURES[name][0] == "1" else f", {FIGURES[name][0]}"
        said = f"{words.replace('_', ' ')}{unit}"
        mean, median = readable(each["mean"]), readable(each["median"])
        lines.append(f"{said:20} {mean:>8}  {interval:16} {median:>8} {each['n_notes']:>6.0f}")
    return "\n".join(lines)
