"""From sounds to batches of clips with pitch: what every data set shares."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from lightning.pytorch.utilities import rank_zero_warn
from torch.utils.data import DataLoader, Dataset, Subset

from datamodules.augmentation import Augmentation, Augmenter
from datamodules.clip_dataset import ClipDataset, collate
from datamodules.loader_workers import loader_workers
from datamodules.preparation import Entry, Preparation, Selection, Shards, Slice, SplitSummary, label_table
from datamodules.preparation.local_copy import copy_files
from datamodules.preparation.report import report
from datamodules.source import Heard, Source
from datamodules.splits import SPLITS
from datamodules.training_loader import EpochOrder, ResumableDataModule, TrainingLoader
from output.replaced import update
from sounds.pitch import PitchTracker
from sounds.second_tracker import second_tracker
from sounds.yin import Yin
from synths.clip import Clip, ClipFormat

STAGE_SPLITS = {"fit": ("train", "valid"), "validate": ("valid",), "test": ("test",), "predict": ("test",)}
CHOOSES_NO_CLIPS = ("clip", "root", "tracker", "cache", "copy_to", "batch_size", "num_workers", "seed", "augmentations")


class ClipDataModule(ResumableDataModule, ABC):
    """Sounds as batches of clips, each read, checked and tracked once and kept in shards.

    A data set says where its clips are (`sources`); preparation, shards and loaders are here. `label_names` are the
    words for labels that are numbers of a list. `family_label` is the label whose words `timbre test` gives figures of
    control for one by one.

    Args:
        clip: the format of the run
        root: folder of the data set
        batch_size: clips per batch, of each process
        num_workers: processes that read clips while the model trains
        tracker: what tracks pitch; None is Yin
        cache: folder of the shards, one per data set; None is `.timbre` in the root. With shards that are complete the
            root is not needed
        seed: of the order of training clips and of their augmentation
        copy_to: folder on a disk of the machine itself that the shards are copied to before they are read
        augmentations: what may happen to training clips, in order; None is nothing
    """

    family_label: ClassVar[str] = "instrument_family"

    def __init__(
        self,
        clip: ClipFormat,
        root: str,
        batch_size: int = 16,
        num_workers: int = 0,
        tracker: PitchTracker | None = None,
        cache: str | None = None,
        seed: int = 0,
        copy_to: str | None = None,
        augmentations: list[Augmentation] | None = None,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(f"data.batch_size is {batch_size}: a batch has at least 1 clip.")
        if num_workers < 0:
            raise ValueError(f"data.num_workers is {num_workers}: it is a number of processes, 0 or more.")
        # What is left of the arguments, a subclass's too, is what chooses clips.
        self.save_hyperparameters(ignore=list(CHOOSES_NO_CLIPS), logger=False)
        self.clip = clip
        self.root = root
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.tracker = tracker or Yin()
        self.cache = cache or str(Path(root) / ".timbre")
        self.copy_to = copy_to
        self.seed = seed
        self.augmenter = Augmenter(augmentations, clip, seed) if augmentations else None
        self.label_names: dict[str, list[str]] = {}
        self.datasets: dict[str, Dataset[Clip]] = {}
        self.tested: frozenset[int] = frozenset()  # numbers of test batches that an interrupted test has done

    @property
    def second_tracker(self) -> PitchTracker:
        """Another tracker, to judge by: it does not share the slips of the one that told the pitch."""
        return second_tracker(self.tracker)

    @abstractmethod
    def sources(self, split: str) -> list[Source]:
        """Where the clips of "train", "valid" or "test" are, always in the same order; [] if there is no such split."""

    def listing_stamp(self, split: str) -> str:
        """Changes when `sources` would return something else; "" if that cannot be told without listing."""
        return ""

    def objection(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """Why a clip is left out for what was heard in it; "" if it is not."""
        return ""

    def remark(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """Something to count in the report of the preparation; "" if there is nothing."""
        return ""

    def in_shards(self, split: str) -> bool:
        """Whether a split is prepared; if not, its clips are made when asked for."""
        return True

    def dataset(self, split: str) -> Dataset[Clip]:
        """The clips of a split.

        Raises:
            ValueError: if it has no usable clip
        """
        selection = self.selection(split)
        if selection is None or not selection.names:
            raise ValueError(self._why_empty(split, selection))
        return ClipDataset(self._shard_folder(split), selection)

    def prepare_data(self, work: Slice = Slice(), listed_anew: bool = False) -> None:
        """Reads, checks and tracks every clip that is not in the shards yet, and shows progress.

        Args:
            work: which part of the work to do
            listed_anew: look for changes even where the data set's listing seems unchanged

        Raises:
            FileNotFoundError: if the root does not exist, and the shards alone do not suffice
            ValueError: if there is no clip at all, or a shard is damaged that cannot be made again without the root
        """
        splits = [split for split in self.needed_splits() if self.in_shards(split)]
        if Path(self.root).is_dir() or any(self.selection(split) is None for split in splits):
            self.check_root()
            found = [self._prepare_split(split, work, listed_anew) for split in splits]
            if splits and not any(found):
                names = " or ".join(splits)
                raise ValueError(f"{self.root} holds no clips for {names}: is data.root the right folder?")
        else:
            self._refuse_damaged(splits)
        if self.copy_to is not None:
            for split in splits:
                self._copy(split)

    def prepare_report(self) -> str:
        """What `prepare_data` found, for people: a line per split, and why clips are left out."""
        prepared = list(filter(self.in_shards, SPLITS))
        noticed = [
            f"What was noticed of which clip: {path}" for path in map(self._noticed_path, prepared) if _has(path)
        ]
        reasons = [f"Every reason: {path}" for path in map(self._reasons_path, prepared) if _has(path)]
        return "\n".join([report(self.summary()), *noticed, *reasons])

    def summary(self) -> dict[str, SplitSummary | None]:
        """Per split, how many clips can be used and which cannot; None where it is not prepared."""
        summaries: dict[str, SplitSummary | None] = {}
        for split in filter(self.in_shards, SPLITS):
            selection = self.selection(split)
            summaries[split] = selection and SplitSummary(len(selection.names), selection.skipped, selection.remarks)
        return summaries

    def damaged(self) -> list[str]:
        """Files of the shards whose content is not what was written; reads all of them."""
        return [path for split in filter(self.in_shards, SPLITS) for path in self.shards(split).damaged()]

    def data_hash(self) -> str:
        """Twelve letters that differ where clips, their order, labels or bytes do.

        The same wherever it is prepared from the start; clips prepared again later lie in other shards, and change it.
        """
        text = hashlib.sha256()
        for split in SPLITS:
            selection = self.selection(split) if self.in_shards(split) else None
            choice: list[object] = [split, self.in_shards(split) or dict(self.hparams)]
            if selection is not None:
                choice += [selection.names, selection.rows.tolist(), self.shards(split).checksums(selection.shards())]
                text.update(selection.labels.tobytes())
            text.update(json.dumps(choice, sort_keys=True, default=str).encode())
        return text.hexdigest()[:12]

    def setup(self, stage: str | None = None) -> None:
        """Opens the splits the stage needs.

        Raises:
            ValueError: if a split has no usable clip
        """
        for split in STAGE_SPLITS[stage] if stage else filter(self._is_there, SPLITS):
            if split not in self.datasets:
                self.datasets[split] = self.dataset(split)

    def train_dataloader(self) -> TrainingLoader:
        """Training clips in an order drawn from seed and epoch; a last batch that is not full is left out."""
        dataset = self.datasets["train"]
        n_clips = len(dataset)  # type: ignore[arg-type]
        rank, world_size = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        loader = TrainingLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=EpochOrder(n_clips, self.seed, rank, world_size),
            drop_last=n_clips // world_size > self.batch_size,
            # A generator of its own: reading data draws nothing from the one that the model draws from.
            generator=torch.Generator().manual_seed(self.seed),
            collate_fn=collate,
            **loader_workers(self.num_workers),
        )
        return self.resumable(loader)

    def val_dataloader(self) -> DataLoader[Clip]:
        """Validation clips in order, shared out among the processes of a run as far as there are enough."""
        dataset = self.datasets["valid"]
        n_clips = len(dataset)  # type: ignore[arg-type]
        rank, world_size = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        if 1 < world_size <= n_clips:
            ends = [n_clips * part // world_size for part in (rank, rank + 1)]
            dataset = Subset(dataset, range(*ends))
        return self._loader(dataset)

    @property
    def test_batches(self) -> list[int]:
        """Numbers of the test batches that this process gets: its share of those that are left, at least one."""
        numbers = range(-(-len(self.datasets["test"]) // self.batch_size))  # type: ignore[arg-type]
        left = [number for number in numbers if number not in self.tested]
        rank, world_size = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        return left[rank::world_size] or [numbers[-1]]

    def test_dataloader(self) -> DataLoader[Clip]:
        """Test clips in order, batch by batch shared out among the processes: a batch holds the same on any number."""
        n_clips, size = len(self.datasets["test"]), self.batch_size  # type: ignore[arg-type]
        dealt = [
            index for number in self.test_batches for index in range(number * size, min((number + 1) * size, n_clips))
        ]
        return self._loader(Subset(self.datasets["test"], dealt))

    def test_identity(self) -> bytes:
        """What changes when the test clips do."""
        selection = getattr(self.datasets["test"], "selection", None)
        trackers = (self.tracker.identity, self.second_tracker.identity)
        said = repr((type(self).__name__, self.clip, trackers, dict(self.hparams), len(self.datasets["test"])))  # type: ignore[arg-type]
        if selection is None:
            return said.encode()
        arrays = [values.tobytes() for values in (selection.rows, selection.scales, selection.labels)]
        return b"".join([said.encode(), repr(selection.names).encode(), *arrays])

    def predict_dataloader(self) -> DataLoader[Clip]:
        """Test clips in order."""
        return self._loader(self.datasets["test"])

    def clips_for_ranges(self, n_batches: int = 64) -> Iterator[Clip]:
        """Batches of training clips that the ranges of the knobs are taken from: the same in every process of a run."""
        order = EpochOrder(len(self.datasets["train"]), self.seed)  # type: ignore[arg-type]
        loader = DataLoader(self.datasets["train"], self.batch_size, sampler=order, collate_fn=collate)
        for clips in islice(loader, n_batches):
            yield clips if self.augmenter is None else self.augmenter(clips, epoch=0)

    def on_after_batch_transfer(self, batch: Clip, dataloader_idx: int) -> Clip:
        """Training clips are changed where the model is; what happens to each follows from seed, epoch and its name."""
        if self.augmenter is None or self.trainer is None or not self.trainer.training:
            return batch
        return self.augmenter(batch, self.trainer.train_dataloader.epoch)  # type: ignore[union-attr]

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

    def shards(self, split: str) -> Shards:
        """Where the prepared clips of a split are kept."""
        return Shards(self.cache, type(self).__name__, split, self.tracker, self.clip)

    def selection(self, split: str) -> Selection | None:
        """The clips of a split that the filters leave; None if it is not prepared."""
        return Selection.load(self._selection_path(split))

    def _prepare_split(self, split: str, work: Slice, listed_anew: bool) -> bool:
        """Whether there is anything to use or to complain of."""
        selection, listing, shards = self.selection(split), self.listing_stamp(split), self.shards(split)
        if selection is not None and listing and selection.listing == listing and not listed_anew:
            if all(map(shards.is_whole, selection.shards())) and not _discard_damaged(shards, selection.shards()):
                return True
        sources = self.sources(split)
        if not sources:
            self._selection_path(split).unlink(missing_ok=True)
            return False
        shards.open()
        _discard_damaged(shards, shards.whole())
        if Preparation(shards, self.tracker, f"{type(self).__name__} {split}").run(sources, work):
            selection, noticed = self._select(sources, shards.entries(), listing)
            selection.save(self._selection_path(split))
            _write_words(self._reasons_path(split), selection.skipped)
            _write_words(self._noticed_path(split), noticed)
        return True

    def _select(
        self, sources: list[Source], entries: dict[str, Entry], listing: str
    ) -> tuple[Selection, dict[str, str]]:
        """The selection, and what was noticed of clips that are used, by name."""
        used: list[tuple[Source, Entry]] = []
        skipped, noticed = {}, {}
        for source in sources:
            problem = source.problem or entries[source.name].problem
            if not problem:
                entry = entries[source.name]
                heard = entry.heard
                problem = self.objection(source.name, source.labels, heard)
            if problem:
                skipped[source.name] = problem
            else:
                if remark := self.remark(source.name, source.labels, heard):
                    noticed[source.name] = remark
                used.append((source, entry))
        rows = np.array([(entry.shard, entry.row) for _, entry in used], dtype=np.int32).reshape(-1, 2)
        scales = np.array([entry.scales for _, entry in used], dtype=np.float32).reshape(-1, 2)
        label_names, labels = label_table([source.labels for source, _ in used])
        names = [source.name for source, _ in used]
        counted = dict(Counter(part for remark in noticed.values() for part in remark.split(", ")))
        return Selection(names, rows, scales, labels, label_names, skipped, counted, listing), noticed

    def _refuse_damaged(self, splits: list[str]) -> None:
        for split in splits:
            shards, selection = self.shards(split), self.selection(split)
            if selection and (damaged := shards.damaged_since(filter(shards.is_whole, selection.shards()))):
                raise ValueError(
                    f"{damaged[0]} is not what was written (its sha256 differs): copy it again, or give data.root, "
                    "of which it is made again."
                )

    def _copy(self, split: str) -> None:
        """The selected rows' files, to the machine's own disk."""
        selection = self.selection(split)
        if selection is None:
            return
        folder = self.shards(split).folder
        checksums = self.shards(split).checksums(selection.shards())
        files = {folder / name: sha256 for of_shard in checksums for name, sha256 in sorted(of_shard.items())}
        copy_files(files, Path(str(self.copy_to)) / folder.name)

    def _shard_folder(self, split: str) -> Path:
        """Where the shards of a split are read from."""
        folder = self.shards(split).folder
        return folder if self.copy_to is None else Path(self.copy_to) / folder.name

    def _selection_path(self, split: str) -> Path:
        """One file per choice of filters: another choice prepares nothing again."""
        choice = json.dumps(dict(self.hparams), sort_keys=True, default=str)
        return self.shards(split).folder / f"selection-{hashlib.sha256(choice.encode()).hexdigest()[:12]}.npz"

    def _reasons_path(self, split: str) -> Path:
        """A line per clip that is left out, with the reason."""
        path = self._selection_path(split)
        return path.with_name(path.name.replace("selection", "skipped")).with_suffix(".tsv")

    def _noticed_path(self, split: str) -> Path:
        """A line per clip that is used and was remarked upon."""
        return self._reasons_path(split).with_name(self._reasons_path(split).name.replace("skipped", "noticed"))

    def _is_there(self, split: str) -> bool:
        return not self.in_shards(split) or self.selection(split) is not None

    def _why_empty(self, split: str, selection: Selection | None) -> str:
        if selection is not None and selection.skipped:
            n_skipped, first = len(selection.skipped), next(iter(selection.skipped.values()))
            return f"None of the {n_skipped} {split} clips in {self.root} can be used; the first: {first}"
        if selection is not None or (Path(self.root).is_dir() and not self.sources(split)):
            return f"{self.root} has no {split} clips: point data.root at a data set that has a {split} split."
        return f"The {split} clips of {self.root} are not prepared: run timbre prepare with these settings."

    def _loader(self, dataset: Dataset[Clip]) -> DataLoader[Clip]:
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            generator=torch.Generator().manual_seed(self.seed),
            collate_fn=collate,
            **loader_workers(self.num_workers),
        )


def _discard_damaged(shards: Shards, numbers: list[int]) -> bool:
    """Say which files are not what was written, and give up their shards, which are made again then."""
    damaged = shards.damaged_since(numbers)
    for path in damaged:
        rank_zero_warn(f"{path} is not what was written (its sha256 differs): its clips are prepared again.")
        shards.discard(path)
    return bool(damaged)


def _has(path: Path) -> bool:
    """Whether a file is there and says something."""
    return path.is_file() and path.stat().st_size > 0


def _write_words(path: Path, words: Mapping[str, str]) -> None:
    """A line per clip, name and words; no file where there never was a word."""
    if words or path.is_file():
        lines = "".join(f"{name}\t{said}\n" for name, said in words.items())
        update(path, lines.encode("utf-8", "backslashreplace"))
