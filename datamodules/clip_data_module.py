"""From sound files to batches of clips with pitch: what every data set shares."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

import lightning as L
import torch
from torch.utils.data import DataLoader

from datamodules.clip_dataset import ClipDataset, collate
from datamodules.clip_index import ClipIndex
from datamodules.pitch import PitchTracker
from datamodules.source import Source
from datamodules.training_loader import EpochOrder, TrainingLoader
from datamodules.yin import Yin
from synths.clip import Clip, ClipFormat

SPLITS = ("train", "valid", "test")
STAGE_SPLITS = {"fit": ("train", "valid"), "validate": ("valid",), "test": ("test",), "predict": ("test",)}


class SplitSummary(NamedTuple):
    """How many clips of a split can be used, and why each of the others cannot, by name."""

    n_usable: int
    skipped: dict[str, str]


class ClipDataModule(L.LightningDataModule, ABC):
    """Sound files as batches of clips, each with the pitch that was tracked once and kept.

    A data set says where its clips are (`sources`); reading, checking, pitch, the cache and the loaders are here.
    `label_names` are the words for labels that are numbers of a list.

    Args:
        clip: the format of the run
        root: folder of the data set
        batch_size: clips per batch
        num_workers: processes that read clips while the model trains
        tracker: what tracks pitch; None is Yin
        cache: folder of the pitch index; None is `.timbre` in the root
        seed: of the order of training clips
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str,
        batch_size: int = 16,
        num_workers: int = 0,
        tracker: PitchTracker | None = None,
        cache: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.clip = clip
        self.root = root
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.tracker = tracker or Yin()
        self.cache = cache or str(Path(root) / ".timbre")
        self.seed = seed
        self.label_names: dict[str, list[str]] = {}
        self.datasets: dict[str, ClipDataset] = {}

    @abstractmethod
    def sources(self, split: str) -> list[Source]:
        """Where the clips of "train", "valid" or "test" are, always in the same order; [] if there is no such split."""

    def prepare_data(self) -> None:
        """Reads, checks and tracks every clip that is not in the index yet, and shows progress.

        Raises:
            FileNotFoundError: if the root does not exist
            ValueError: if there is no clip at all
        """
        self.check_root()
        found = {split: self.sources(split) for split in self.needed_splits()}
        if not any(found.values()):
            raise ValueError(f"{self.root} holds no clips for {' or '.join(found)}: is data.root the right folder?")
        for split, sources in found.items():
            self._index(split).prepare(sources, f"{type(self).__name__} {split}")

    def prepare_report(self) -> str:
        """What `prepare_data` found, for people: a line per split and a line per skipped clip."""
        lines = []
        for split, (n_usable, skipped) in self.summary().items():
            lines.append(f"{split}: {n_usable} clips, {len(skipped)} skipped")
            lines += [f"  skipped {name}: {problem}" for name, problem in skipped.items()]
        return "\n".join(lines)

    def summary(self) -> dict[str, SplitSummary]:
        """Per split, how many clips can be used and which are skipped, as `prepare_data` left the index."""
        summaries = {}
        for split in SPLITS:
            problems = {name: problem for name, problem in self._problems(split).items() if problem}
            summaries[split] = SplitSummary(len(self.sources(split)) - len(problems), problems)
        return summaries

    def setup(self, stage: str | None = None) -> None:
        """Loads the index of the splits the stage needs.

        Raises:
            ValueError: if a split has no usable clip
        """
        self.check_root()
        for split in STAGE_SPLITS[stage] if stage else [split for split in SPLITS if self.sources(split)]:
            if split not in self.datasets:
                self.datasets[split] = self._dataset(split)

    def train_dataloader(self) -> TrainingLoader:
        """Training clips in an order drawn from seed and epoch; a last batch that is not full is left out."""
        dataset = self.datasets["train"]
        return TrainingLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=EpochOrder(len(dataset), self.seed),
            drop_last=len(dataset) > self.batch_size,
            # A generator of its own: reading data draws nothing from the one that the model draws from.
            generator=torch.Generator().manual_seed(self.seed),
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=collate,
        )

    def val_dataloader(self) -> DataLoader[Clip]:
        """Validation clips in order."""
        return self._loader("valid")

    def test_dataloader(self) -> DataLoader[Clip]:
        """Test clips in order."""
        return self._loader("test")

    def predict_dataloader(self) -> DataLoader[Clip]:
        """Test clips in order."""
        return self._loader("test")

    def check_root(self) -> None:
        """Raises FileNotFoundError if the root does not exist."""
        if not Path(self.root).is_dir():
            raise FileNotFoundError(
                f"The data folder {self.root!r} does not exist: set data.root to where the data is."
            )

    def needed_splits(self) -> tuple[str, ...]:
        """The splits a running trainer needs; all of them without one."""
        stage = self.trainer.state.fn if self.trainer is not None else None
        return STAGE_SPLITS[stage.value] if stage is not None else SPLITS

    def _index(self, split: str) -> ClipIndex:
        return ClipIndex(self.cache, split, self.tracker, self.clip)

    def _problems(self, split: str) -> dict[str, str]:
        """Name -> why the clip cannot be used, "" if it can."""
        index = self._index(split)
        problems = {}
        for source in self.sources(split):
            entry = index.known(source)
            problems[source.name] = source.problem or (
                entry.problem if entry is not None else "not prepared, or changed since: run prepare again"
            )
        return problems

    def _dataset(self, split: str) -> ClipDataset:
        problems, entries = self._problems(split), self._index(split).entries
        usable = [source for source in self.sources(split) if not problems[source.name]]
        if not usable:
            raise ValueError(self._why_empty(split, problems))
        return ClipDataset(self.clip, usable, [entries[source.name].pitch for source in usable])

    def _why_empty(self, split: str, problems: dict[str, str]) -> str:
        if not problems:
            return f"{self.root} has no {split} clips: point data.root at a data set that has a {split} split."
        first = next(iter(problems.values()))
        return f"None of the {len(problems)} {split} clips in {self.root} can be used; the first: {first}"

    def _loader(self, split: str) -> DataLoader[Clip]:
        return DataLoader(
            self.datasets[split],
            batch_size=self.batch_size,
            generator=torch.Generator().manual_seed(self.seed),
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=collate,
        )
