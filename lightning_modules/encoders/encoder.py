"""What every encoder promises: controls, residual and the terms it adds to the loss."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from synths import ClipFormat, Descriptor, Loudness, Recipe, measure_all, sounding_frames
from synths.precision import without_autocast


class Term(NamedTuple):
    """One summand of the loss: the total is the sum of weight * value."""

    value: Tensor
    weight: float = 1.0


class Encoding(NamedTuple):
    """A sound taken apart: controls (B, F, C) as knob positions, residual (B, F, D), terms of the loss by name."""

    controls: Tensor
    residual: Tensor
    terms: dict[str, Term]


class Encoder(nn.Module):
    """Audio to controls and residual; owns the descriptors, which are the knobs.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
        residual_size: D
    """

    calibrated: Tensor

    def __init__(self, clip: ClipFormat, descriptors: Sequence[Recipe[Descriptor]], residual_size: int = 0) -> None:
        super().__init__()
        self.descriptors = nn.ModuleList(descriptor(clip) for descriptor in descriptors)
        self.hop = clip.hop
        self.loudness = Loudness(clip)
        self.residual_size = residual_size
        self.register_buffer("calibrated", torch.tensor(False))

    @property
    def knobs(self) -> list[str]:
        """Names of the controls, in order."""
        return [descriptor.name for descriptor in self.each_descriptor()]

    def each_descriptor(self) -> Iterator[Descriptor]:
        """The descriptors, typed."""
        for module in self.descriptors:
            assert isinstance(module, Descriptor)
            yield module

    def measure(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F, C) knob positions measured from it."""
        descriptors = list(self.each_descriptor())
        if not descriptors:
            return audio.new_zeros(len(audio), audio.shape[-1] // self.hop, 0)
        with without_autocast(audio):
            measured = measure_all(descriptors, audio)
        return torch.stack([d.to_unit(value) for d, value in zip(descriptors, measured, strict=True)], dim=-1)

    def sounding(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) 1 in the frames where it sounds, else 0."""
        with without_autocast(audio):
            return sounding_frames(self.loudness.measure(audio)).to(audio.dtype)

    @torch.no_grad()
    def calibrate(self, batches: Iterable[Tensor]) -> None:
        """Take the range of every knob from (B, N) batches of training audio, from the frames where it sounds.

        Raises:
            ValueError: none of it sounds
        """
        values: list[list[Tensor]] = [[] for _ in self.descriptors]
        for audio in batches:
            sounding = self.sounding(audio).bool()
            for kept, measured in zip(values, measure_all(self.each_descriptor(), audio), strict=True):
                kept.append(measured[sounding])
        for descriptor, kept in zip(self.each_descriptor(), values, strict=True):
            every = torch.cat(kept)
            if not len(every):
                raise ValueError("none of the training clips sounds: the knobs have no range to learn.")
            # quantile() takes at most 2^24 values
            descriptor.calibrate(every[:: 1 + len(every) // 2**24])
        self.calibrated.fill_(True)

    def forward(self, audio: Tensor) -> Encoding:
        """(B, N) audio -> Encoding."""
        raise NotImplementedError
