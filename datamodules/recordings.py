"""A folder of one's own sounds."""

import hashlib
from pathlib import Path

from datamodules.audio import Channel, UnusableAudio, duration_s
from datamodules.clip_data_module import SPLITS, ClipDataModule
from datamodules.pitch import PitchTracker
from datamodules.source import FileSound, Source
from synths.clip import ClipFormat

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
SHORTEST_REMAINDER = 0.25
HELD_OUT = 0.1


class Recordings(ClipDataModule):
    """WAV, FLAC, OGG and MP3 files of monophonic sound in a folder and the folders in it.

    Long files are sliced into consecutive clips, short ones padded with silence. A tenth of the files is for
    validation and a tenth for testing, chosen by name, so that a new file rarely moves another; with fewer than three
    files the slices are shared out instead. There are no labels.

    Args:
        clip: the format of the run
        root: folder of the recordings
        channel: which channel to hear of files that have several: a number from 0, or mix for the mean; None is to
            accept mono files only
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
        channel: Channel = None,
        batch_size: int = 16,
        num_workers: int = 0,
        tracker: PitchTracker | None = None,
        cache: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(clip, root, batch_size, num_workers, tracker, cache, seed)
        self.channel = channel
        self._found: dict[str, list[Source]] | None = None

    def sources(self, split: str) -> list[Source]:
        """The slices of a split; files that cannot be read are listed under train, with their problem."""
        if self._found is None:
            self._found = self._share_out()
        return self._found[split]

    def _share_out(self) -> dict[str, list[Source]]:
        slices, broken = self._slices()
        if len(slices) < len(SPLITS):
            shared = _by_slice([source for name in sorted(slices) for source in slices[name]])
        else:
            split_of = _by_name(list(slices))
            shared = {
                split: [source for name in sorted(slices) if split_of[name] == split for source in slices[name]]
                for split in SPLITS
            }
        return {**shared, "train": shared["train"] + broken}

    def _slices(self) -> tuple[dict[str, list[Source]], list[Source]]:
        """Slices by file name, and the files that cannot be read."""
        slices, broken = {}, []
        for path in sorted(Path(self.root).rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.suffix.lower() not in SUFFIXES or any(part.startswith(".") for part in Path(name).parts):
                continue
            try:
                slices[name] = self._slices_of(path, name)
            except UnusableAudio as error:
                broken.append(Source(name, FileSound(str(path), 0.0, self.channel), problem=str(error)))
        return slices, broken

    def _slices_of(self, path: Path, name: str) -> list[Source]:
        length = duration_s(str(path)) / self.clip.duration_s
        n_slices = max(1, int(length) + (length - int(length) >= SHORTEST_REMAINDER))
        return [
            Source(f"{name}#{index}", FileSound(str(path), index * self.clip.duration_s, self.channel))
            for index in range(n_slices)
        ]


def _by_slice(slices: list[Source]) -> dict[str, list[Source]]:
    """The end of the material is held out: neighbouring slices are too alike to be dealt out in turn."""
    n_held_out = max(1, round(HELD_OUT * len(slices)))
    valid, test = max(1, len(slices) - 2 * n_held_out), max(2, len(slices) - n_held_out)
    return {"train": slices[:valid], "valid": slices[valid:test], "test": slices[test:]}


def _by_name(names: list[str]) -> dict[str, str]:
    """File name -> split, with at least one file in each of three."""
    place = {name: int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 16**8 for name in names}
    ordered = sorted(names, key=place.__getitem__)
    n_train = sum(place[name] < 1 - 2 * HELD_OUT for name in names)
    n_test = sum(place[name] >= 1 - HELD_OUT for name in names)
    # Only where chance left a split empty does a border move.
    n_test = min(max(n_test, 1), len(names) - 2)
    n_train = min(max(n_train, 1), len(names) - n_test - 1)
    last = len(names) - n_test
    return {
        name: "train" if rank < n_train else "test" if rank >= last else "valid" for rank, name in enumerate(ordered)
    }
