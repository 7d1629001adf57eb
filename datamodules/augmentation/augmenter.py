"""A list of augmentations, played on batches."""

from collections.abc import Sequence

import torch

from datamodules.augmentation.augmentation import Augmentation
from datamodules.augmentation.draws import Draws, generator
from synths.clip import Clip, ClipFormat


class Augmenter:
    """Changes the clips of a batch, one augmentation after the other, on the device where the batch is.

    What happens to a clip follows from seed, epoch and its name alone: on a CPU to the bit while the number of threads
    stays, elsewhere but for the rounding of FFTs. Labels stay those of the sound before.

    Args:
        augmentations: in order
        clip: the format of the run
        seed: another one, another run's changes

    Raises:
        ValueError: if an augmentation makes no sense in this format
    """

    def __init__(self, augmentations: Sequence[Augmentation], clip: ClipFormat, seed: int = 0) -> None:
        for augmentation in augmentations:
            augmentation.check(clip)
        self.augmentations = list(augmentations)
        self.clip = clip
        self.seed = seed

    @torch.no_grad()
    def __call__(self, clips: Clip, epoch: int) -> Clip:
        """A batch -> a batch of the same shapes; audio may go beyond -1..1.

        Raises:
            ValueError: if the clips are pairs, of which no half can be changed alone
        """
        if clips.untouched is not None:
            raise ValueError("pairs cannot be augmented: remove data.augmentations for a data set of pairs.")
        # A CPU's FFT rounds differently in company: clip by clip, the same clip comes out to the same bit.
        parts = (
            [_chosen(clips, [row]) for row in range(len(clips.name))] if clips.audio.device.type == "cpu" else [clips]
        )
        changed = [self._changed(part, epoch) for part in parts]
        audio, f0_hz, confidence = (torch.cat(column) for column in list(zip(*changed, strict=True))[:3])
        return clips._replace(audio=audio, f0_hz=f0_hz, confidence=confidence)

    def _changed(self, clips: Clip, epoch: int) -> Clip:
        for place, augmentation in enumerate(self.augmentations):
            generators = [generator(self.seed, epoch, place, name) for name in clips.name]
            rows = [row for row, each in enumerate(generators) if each.random() < augmentation.chance]
            if rows:
                draws = Draws([generators[row] for row in rows], clips.audio.device)
                clips = _put_back(clips, rows, augmentation.change(_chosen(clips, rows), self.clip, draws))
        return clips


def _chosen(clips: Clip, rows: list[int]) -> Clip:
    """Some clips of a batch, without their labels."""
    at = torch.tensor(rows).to(clips.audio.device)
    audio, f0_hz, confidence = (field.index_select(0, at) for field in (clips.audio, clips.f0_hz, clips.confidence))
    return Clip(audio, f0_hz, confidence, [clips.name[row] for row in rows], {})


def _put_back(clips: Clip, rows: list[int], changed: Clip) -> Clip:
    """The batch with these clips in the place of those of the rows."""
    at = torch.tensor(rows).to(clips.audio.device)
    return clips._replace(
        audio=clips.audio.index_copy(0, at, changed.audio),
        f0_hz=clips.f0_hz.index_copy(0, at, changed.f0_hz),
        confidence=clips.confidence.index_copy(0, at, changed.confidence),
    )
