"""Sounds of synth1B1 rendered when a batch asks for them: as many as are wanted, and nothing on the disk."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from datamodules.synth1b1.sound import sounds_by_id
from datamodules.synth1b1.voice import voice_of_process
from synths.clip import Clip, ClipFormat


class LiveSynth1B1(Dataset[Clip]):
    """The clips that shards would hold, without their rounding to 16 bits. Batches of a multiple of 32 cost least.

    Args:
        clip: the format of the run
        ids: which sounds
        pitched: of the variant, not of the corpus
    """

    def __init__(self, clip: ClipFormat, ids: Sequence[int], pitched: bool) -> None:
        self.clip = clip
        self.ids = np.array(ids, dtype=np.int64)
        self.pitched = pitched

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.ids)

    def __getitem__(self, index: int) -> Clip:
        """One clip: audio (N,), f0_hz (F,), confidence (F,), a name and a scalar per label."""
        batch = self.__getitems__([index])
        labels = {name: value[0] for name, value in batch.labels.items()}
        return Clip(batch.audio[0], batch.f0_hz[0], batch.confidence[0], batch.name[0], labels)  # type: ignore[arg-type]

    def __getitems__(self, indices: Sequence[int]) -> Clip:
        """A batch of clips."""
        ids = self.ids[list(indices)].tolist()
        voice = voice_of_process(self.pitched)
        sounds = sounds_by_id(ids, self.pitched)
        pitches = [sound.pitch(self.clip) for sound in sounds]
        labels = torch.from_numpy(voice.parameters(ids))
        return Clip(
            _stacked([sound.render(self.clip) for sound in sounds]),
            _stacked([pitch.f0_hz for pitch in pitches]),
            _stacked([pitch.confidence for pitch in pitches]),
            [sound.name for sound in sounds],
            dict(zip(voice.parameter_names, labels.unbind(1), strict=True)),
        )


def _stacked(rows: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(rows))
