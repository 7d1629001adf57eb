"""Clips of one split, read from shards when asked for."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset, default_collate

from datamodules.preparation.selection import Selection
from synths.clip import Clip


class ClipDataset(Dataset[Clip]):
    """Single clips, without a batch axis, or batches of them.

    Args:
        folder: of the shards
        selection: which of their rows, in which order

    Raises:
        ValueError: if a file of the shards is missing or not whole
    """

    def __init__(self, folder: Path, selection: Selection) -> None:
        self.folder = folder
        self.selection = selection
        self._arrays: dict[tuple[int, str], np.ndarray] = {}
        for shard in selection.shards():
            self._check(shard)

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.selection.names)

    def __getitem__(self, index: int) -> Clip:
        """One clip: audio (N,), f0_hz (F,), confidence (F,), a name and a scalar per label."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no clip {index} among {len(self)}")
        batch = self.__getitems__([index])
        labels = {name: value[0] for name, value in batch.labels.items()}
        untouched = None if batch.untouched is None else batch.untouched[0]
        return Clip(batch.audio[0], batch.f0_hz[0], batch.confidence[0], batch.name[0], labels, untouched)  # type: ignore[arg-type]

    def __getitems__(self, indices: Sequence[int]) -> Clip:
        """A batch of clips; raises ValueError where the pitch of one is not a number."""
        chosen = list(indices)
        rows, (scale, untouched_scale) = self.selection.rows[chosen], self.selection.scales[chosen].T
        pitch = torch.from_numpy(self._read(rows, "pitch"))
        if not pitch.isfinite().all():
            first = int(rows[(~pitch.isfinite()).any(dim=(1, 2)).int().argmax(), 0])
            raise ValueError(
                f"{self._path(first, 'pitch')} holds what is not a number: delete it and run timbre prepare."
            )
        labels = torch.from_numpy(self.selection.labels[chosen])
        return Clip(
            torch.from_numpy(self._read(rows, "audio") * scale[:, None]),
            pitch[:, 0],
            pitch[:, 1],
            [self.selection.names[index] for index in chosen],
            dict(zip(self.selection.label_names, labels.unbind(1), strict=True)),
            torch.from_numpy(self._read(rows, "untouched") * untouched_scale[:, None])
            if untouched_scale.all()
            else None,
        )

    def __getstate__(self) -> dict[str, object]:
        """Without open files: another process opens its own."""
        return {**self.__dict__, "_arrays": {}}

    def _check(self, shard: int) -> None:
        """Now rather than in the middle of a training; raises ValueError."""
        is_chosen = self.selection.rows[:, 0] == shard
        has_untouched = bool(self.selection.scales[is_chosen, 1].any())
        for kind in ("audio", "pitch", "untouched")[: 2 + has_untouched]:
            if len(self._array(shard, kind)) <= self.selection.rows[is_chosen, 1].max():
                raise ValueError(self._what_is_wrong(shard, kind))

    def _read(self, rows: np.ndarray, kind: str) -> np.ndarray:
        return np.stack([self._array(int(shard), kind)[row] for shard, row in rows])

    def _array(self, shard: int, kind: str) -> np.ndarray:
        """Rows of a shard, on the disk until they are looked at; raises ValueError."""
        if (shard, kind) not in self._arrays:
            try:
                self._arrays[shard, kind] = np.load(self._path(shard, kind), mmap_mode="r")
            except (OSError, ValueError, EOFError) as error:
                raise ValueError(self._what_is_wrong(shard, kind)) from error
        return self._arrays[shard, kind]

    def _path(self, shard: int, kind: str) -> Path:
        return self.folder / f"{shard:05d}.{kind}.npy"

    def _what_is_wrong(self, shard: int, kind: str) -> str:
        return f"{self._path(shard, kind)} is missing or not whole: timbre prepare mends it where the data is."


def collate(clips: Clip | list[Clip]) -> Clip:
    """Single clips -> a batch; what is a batch already stays what it is."""
    if isinstance(clips, Clip):
        return clips
    *columns, _ = zip(*clips, strict=True)
    batch = Clip(*(default_collate(list(column)) for column in columns))
    untouched = [clip.untouched for clip in clips if clip.untouched is not None]
    return batch._replace(name=list(batch.name), untouched=torch.stack(untouched) if untouched else None)
