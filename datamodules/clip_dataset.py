"""Clips of one split: audio is read when asked for, pitch comes from the index."""

import numpy as np
import torch
from torch.utils.data import Dataset, default_collate

from datamodules.pitch import Pitch
from datamodules.source import Source
from synths.clip import Clip, ClipFormat


class ClipDataset(Dataset[Clip]):
    """Single clips, without a batch axis: audio (N,), f0_hz (F,), confidence (F,), a name and a scalar per label.

    Args:
        clip: the format of the run
        sources: where the clips are
        pitches: the pitch of each
    """

    def __init__(self, clip: ClipFormat, sources: list[Source], pitches: list[Pitch]) -> None:
        self.clip = clip
        self.sources = sources
        self.pitches = pitches

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.sources)

    def __getitem__(self, index: int) -> Clip:
        """One clip."""
        source, pitch = self.sources[index], self.pitches[index]
        return Clip(
            audio=torch.from_numpy(source.sound.read(self.clip)),
            f0_hz=torch.from_numpy(np.array(pitch.f0_hz)),
            confidence=torch.from_numpy(np.array(pitch.confidence)),
            name=source.name,  # type: ignore[arg-type]  # a batch has a list of them
            labels={label: torch.tensor(value, dtype=torch.float32) for label, value in source.labels.items()},
        )


def collate(clips: list[Clip]) -> Clip:
    """Single clips -> a batch."""
    *columns, _ = zip(*clips, strict=True)
    batch = Clip(*(default_collate(column) for column in columns))
    untouched = [clip.untouched for clip in clips if clip.untouched is not None]
    return batch._replace(name=list(batch.name), untouched=torch.stack(untouched) if untouched else None)
