"""`timbre test`: keeps what is found as it comes, goes on from there after a kill, and shows how far it is."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from evaluation.journal import FORMAT, Journal
from evaluation.progress import Progress, in_words
from lightning_modules.callbacks import SafePoint
from lightning_modules.provenance import provenance
from studies.run_files import FORMAT as FORMAT_OF_REPORTS
from studies.run_folder import RunFolder
from synths import Clip

BATCH = "batch"
"""Part of the journal that says which batches are complete."""


class Keeping(Callback):
    """The journal of a test and its progress: the first callback of a test, and `KeepingEnds` the last.

    Args:
        checkpoint: file of what is tested; None where there is none
        settings: of the configuration, on which figures hang
        shown: whether progress is shown
    """

    def __init__(
        self, checkpoint: Path | None = None, settings: Mapping[str, Any] | None = None, shown: bool = True
    ) -> None:
        self.checkpoint, self.settings = checkpoint, dict(settings or {})
        self.journal, self.progress = Journal(), Progress(shown=shown)
        self.n_to_turn = 0  # notes of all processes whose knobs are to be turned

    def setup(self, trainer: Trainer, module: LightningModule, stage: str) -> None:
        """Read what an earlier test kept, before any process adds to it: Lightning waits for all after this."""
        if stage != "test":
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        self.progress.shown &= trainer.is_global_zero
        fingerprint = fingerprint_of(trainer, self.checkpoint, self.settings)
        self.journal.place(RunFolder(trainer.default_root_dir).examination, trainer.global_rank)
        if remark := self.journal.open(fingerprint):
            self.progress.say(remark)
        # With a limit, batches that are left out would let in others that are not to be tested.
        limit = trainer.limit_test_batches
        if limit is None or (isinstance(limit, float) and limit == 1.0):  # 1 is a single batch
            data.tested = frozenset(map(int, self.journal.of(BATCH)))
        self.journal.added = self._added

    def on_test_batch_start(
        self, trainer: Trainer, module: LightningModule, batch: Clip, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Once all parts have said what is to come, say it."""
        if batch_idx == 0:
            self.progress.say(self._first_line(trainer))
            self.progress.begin()

    def on_exception(self, trainer: Trainer, module: LightningModule, exception: BaseException) -> None:
        """No bar behind which the next sentence would stand."""
        self.progress.end()

    def _first_line(self, trainer: Trainer) -> str:
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        tested, n_notes = len(data.tested), len(data.datasets["test"])
        whole = f"{min(tested * data.batch_size, n_notes)} of them" if tested else "parts"
        kept = f", {whole} kept from an earlier test" if self.journal.found else ""
        examined = f", knobs of {self.n_to_turn} to turn" if self.n_to_turn else ""
        among = f" on {trainer.world_size} processes" if trainer.world_size > 1 else ""
        notes = f"{n_notes} note{'' if n_notes == 1 else 's'}"
        return f"Testing {notes}{kept}{examined}: {in_words(self.progress.expected_s())}{among}."

    def _added(self, part: str) -> None:
        self.progress.done(part)


class KeepingEnds(Callback):
    """Marks each batch that all parts have examined, and removes the journal when the reports are written.

    Args:
        keeping: its begin
    """

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping

    def on_test_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """It need not be rendered again."""
        number = trainer.datamodule.test_batches[batch_idx]  # type: ignore[attr-defined]
        self.keeping.journal.add(BATCH, str(number), True)

    def on_test_end(self, trainer: Trainer, module: LightningModule) -> None:
        """All is written: an interrupted test is no longer to be gone on with."""
        self.keeping.progress.end()
        trainer.datamodule.tested = frozenset()  # type: ignore[attr-defined]
        if trainer.is_global_zero:
            self.keeping.journal.discard()


def place_of(trainer: Trainer, batch: Clip, batch_idx: int) -> Iterator[tuple[int, int]]:
    """Each note of a batch: its place there, and its number in the split."""
    data: Any = trainer.datamodule  # type: ignore[attr-defined]
    first = data.test_batches[batch_idx] * data.batch_size
    return ((place, first + place) for place in range(len(batch.name)))


def some_of(clips: Clip, places: Sequence[int]) -> Clip:
    """A batch of fewer notes."""
    chosen = list(places)
    labels = {name: value[chosen] for name, value in clips.labels.items()}
    names = [clips.name[place] for place in chosen]
    return Clip(clips.audio[chosen], clips.f0_hz[chosen], clips.confidence[chosen], names, labels)


def all_together(trainer: Trainer, journal: Journal) -> None:
    """Wait until all processes have come here, and read what they found."""
    if trainer.world_size > 1:
        trainer.strategy.barrier()
        journal.read()


def stop_if_asked(trainer: Trainer) -> None:
    """Between two notes, where nothing is lost."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, SafePoint):
            callback.stop_test_if_asked(trainer)


def fingerprint_of(trainer: Trainer, checkpoint: Path | None, settings: Mapping[str, Any]) -> dict[str, str]:
    """What the results of a test hang on, in words: what it is -> a digest of it."""
    data: Any = trainer.datamodule  # type: ignore[attr-defined]
    given = {**settings, "batch_size": data.batch_size, "limit": trainer.limit_test_batches}
    code = [FORMAT, FORMAT_OF_REPORTS, provenance(), torch.__version__, trainer.strategy.root_device.type]
    return {
        "checkpoint": _digest(checkpoint.read_bytes() if checkpoint else b""),
        "settings": _digest(json.dumps(given, sort_keys=True, default=str).encode()),
        "notes": _digest(data.test_identity()),
        "code": _digest(json.dumps(code, sort_keys=True).encode()),
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
