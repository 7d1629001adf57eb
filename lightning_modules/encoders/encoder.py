"""What every encoder promises: controls, residual and the terms it adds to the loss."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from synths import ClipFormat, Descriptor, Layers, Level, Recipe, measure_all, measure_all_layers, sounding_frames
from synths.precision import without_autocast
from synths.signal import interpolate_frames

MEASURED_HZ = 50.0
"""How often knobs are measured, the rest by interpolation: their spectra see 40 ms at once and hardly move faster."""

JUDGED_HZ = 25.0
"""How often training compares the knobs of a resynthesis with those asked for: no sample falls between the spectra."""


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

    Raises:
        ValueError: a descriptor must not be trained on, or two have the same name
    """

    calibrated: Tensor

    def __init__(self, clip: ClipFormat, descriptors: Sequence[Recipe[Descriptor]], residual_size: int = 0) -> None:
        super().__init__()
        self.descriptors = nn.ModuleList(descriptor(clip) for descriptor in descriptors)
        self.hop = clip.hop
        self.every = max(1, round(clip.frame_rate_hz / MEASURED_HZ))
        self.judged_every = max(1, round(clip.frame_rate_hz / JUDGED_HZ))
        self.level = Level(clip)
        self.residual_size = residual_size
        self.register_buffer("calibrated", torch.tensor(False))
        for descriptor in self.each_descriptor():
            if descriptor.not_for_training:
                raise ValueError(f"{descriptor.name} cannot be a knob: {descriptor.not_for_training}.")
        twice = sorted({name for name in self.knobs if self.knobs.count(name) > 1})
        if twice:
            raise ValueError(f"the knob {twice[0]} is listed twice: name each descriptor once.")

    @property
    def knobs(self) -> list[str]:
        """Names of the controls, in order."""
        return [descriptor.name for descriptor in self.each_descriptor()]

    @property
    def knob_kinds(self) -> list[str]:
        """Name, unit and curve of each control: what must agree for a checkpoint's positions to mean the same."""
        return [f"{d.name} ({d.unit}, {d.curve})" for d in self.each_descriptor()]

    def each_descriptor(self) -> Iterator[Descriptor]:
        """The descriptors, typed."""
        for module in self.descriptors:
            assert isinstance(module, Descriptor)
            yield module

    def measure(self, audio: Tensor, f0_hz: Tensor, every: int = 1) -> Tensor:
        """(B, N) audio, (B, F) pitch in Hz -> (B, F / every, C) knob positions measured from it."""
        step = max(every, self.every)
        with without_autocast(audio):
            f0_hz = f0_hz.to(audio.dtype)
            measured = measure_all(self.each_descriptor(), audio, f0_hz, step)
            return self._positions(measured, f0_hz, step, every)

    def measure_layers(self, layers: Layers, every: int = 1) -> Tensor:
        """What a synth plays -> (B, F / every, C) knob positions, of its dry sound.

        Raises:
            NotImplementedError: a knob can be measured from sound only
        """
        step = max(every, self.every)
        with without_autocast(layers.f0_hz):
            measured = measure_all_layers(self.each_descriptor(), layers, step)
            return self._positions(measured, layers.f0_hz, step, every)

    def _positions(self, measured: Sequence[Tensor], f0_hz: Tensor, step: int, every: int) -> Tensor:
        """What each descriptor measured in every step-th frame, or once per note -> (B, F / every, C)."""
        if not measured:
            return f0_hz.new_zeros(*f0_hz[:, ::every].shape, 0)
        shape = f0_hz[:, ::step].shape
        each = [d.to_unit(value).expand(shape) for d, value in zip(self.each_descriptor(), measured, strict=True)]
        positions = torch.stack(each, dim=-1)
        return positions if step == every else interpolate_frames(positions, step, f0_hz.shape[1])[:, ::every]

    def sounding(self, audio: Tensor, every: int = 1) -> Tensor:
        """(B, N) audio -> (B, F / every) 1 in the frames where it sounds, else 0."""
        with without_autocast(audio):
            no_pitch = audio.new_zeros(len(audio), audio.shape[-1] // self.hop)  # a level needs none
            (level_db,) = measure_all([self.level], audio, no_pitch, every)
            return sounding_frames(level_db).to(audio.dtype)

    @torch.no_grad()
    def calibrate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Take the range of every knob from training batches, from the frames where they sound.

        Args:
            batches: (B, N) audio and its (B, F) pitch in Hz

        Raises:
            ValueError: none of it sounds
        """
        values: list[list[Tensor]] = [[] for _ in self.descriptors]
        pitches = []
        for audio, f0_hz in batches:
            sounding = self.sounding(audio, self.every).bool()
            pitches.append(f0_hz[:, :: self.every][sounding])
            everything = measure_all(self.each_descriptor(), audio, f0_hz, self.every)
            for kept, measured in zip(values, everything, strict=True):
                kept.append(measured.expand(sounding.shape)[sounding])
        pitch = torch.cat(pitches)
        if not len(pitch):
            raise ValueError("none of the training clips sounds: the knobs have no range to learn.")
        for descriptor, kept in zip(self.each_descriptor(), values, strict=True):
            descriptor.calibrate(torch.cat(kept), pitch)
        self.calibrated.fill_(True)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch in Hz -> Encoding."""
        raise NotImplementedError
