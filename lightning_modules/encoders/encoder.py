"""What every encoder promises: controls, residual and the terms it adds to the loss."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from synths import ClipFormat, Descriptor, Loudness, Recipe, measure_all, sounding_frames


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
        measured = measure_all(descriptors, audio)
        return torch.stack([d.to_unit(value) for d, value in zip(descriptors, measured, strict=True)], dim=-1)

    @torch.no_grad()
    def calibrate(self, audio: Tensor) -> None:
        """Take the range of every knob from (B, N) training audio, from the frames where it sounds."""
        sounding = sounding_frames(Loudness(self._clip).to(audio.device).measure(audio))
        for descriptor in self.each_descriptor():
            descriptor.calibrate(descriptor.measure(audio)[sounding])
        self.calibrated.fill_(True)

    @property
    def _clip(self) -> ClipFormat:
        return next(self.each_descriptor()).clip

    def forward(self, audio: Tensor) -> Encoding:
        """(B, N) audio -> Encoding."""
        raise NotImplementedError
