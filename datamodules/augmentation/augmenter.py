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
        clip_format: the format of the run
        seed: another one, another run's changes

    Raises:
        ValueError: if an augmentation makes no sense in this format
    """

    def __init__(self, augmentations: Sequence[Augmentation], clip_format: ClipFormat, seed: int = 0) -> None:
        for augmentation in augmentations:
            augmentation.check(clip_format)
        self.augmentations = list(augmentations)
        self.clip_format = clip_format
        self.seed = seed

    @torch.no_grad()
    def __call__(self, clip: Clip, epoch: int) -> Clip:
        """A batch -> a batch of the same shapes; audio may go beyond -1..1.

        Raises:
            ValueError: if the clips are pairs, of which no half can be changed alone
        """
        if clip.untouched is not None:
            raise ValueError("pairs cannot be augmented: remove data.augmentations for a data set of pairs.")
        # A CPU's FFT rounds differently in company: clip by clip, the same clip comes out to the same bit.
        parts = [_chosen(clip, [row]) for row in range(len(clip.name))] if clip.audio.device.type == "cpu" else [clip]
        changed = [self._changed(part, epoch) for part in parts]
        audio, f0_hz, confidence = (torch.cat(column) for column in list(zip(*changed, strict=True))[:3])
        return clip._replace(audio=audio, f0_hz=f0_hz, confidence=confidence)

    def _changed(self, clip: Clip, epoch: int) -> Clip:
        for place, augmentation in enumerate(self.augmentations):
            generators = [generator(self.seed, epoch, place, name) for name in clip.name]
            rows = [row for row, each in enumerate(generators) if each.random() < augmentation.chance]
            if rows:
                draws = Draws([generators[row] for row in rows], clip.audio.device)
                clip = _put_back(clip, rows, augmentation.change(_chosen(clip, rows), self.clip_format, draws))
        return clip


def _chosen(clip: Clip, rows: list[int]) -> Clip:
    """Some clips of a batch, without their labels."""
    at = torch.tensor(rows).to(clip.audio.device)
    audio, f0_hz, confidence = (field.index_select(0, at) for field in (clip.audio, clip.f0_hz, clip.confidence))
    return Clip(audio, f0_hz, confidence, [clip.name[row] for row in rows], {})


def _put_back(clip: Clip, rows: list[int], changed: Clip) -> Clip:
    """The batch with these clips in the place of those of the rows."""
    at = torch.tensor(rows).to(clip.audio.device)
    return clip._replace(
        audio=clip.audio.index_copy(0, at, changed.audio),
        f0_hz=clip.f0_hz.index_copy(0, at, changed.f0_hz),
        confidence=clip.confidence.index_copy(0, at, changed.confidence),
    )
