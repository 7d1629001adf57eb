"""What every encoder promises: controls, residual and the terms it adds to the loss."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lightning_modules.encoders.note_partials import HeardNotes
from lightning_modules.encoders.training_frames import TrainingFrames
from projection import LearntPrior
from projection.prior import on_grid
from synths import (
    ClipFormat,
    Descriptor,
    FundamentalShare,
    Layers,
    Level,
    Noisiness,
    OddEvenBalance,
    Recipe,
    Sharpness,
    measure_all,
    measure_all_layers,
    sounding_frames,
)
from synths.descriptors.line_spectra import LineSpectra
from synths.precision import without_autocast
from synths.signal import interpolate_frames

MEASURED_HZ = 50.0
"""How often knobs are measured, the rest by interpolation: their spectra see 40 ms at once and hardly move faster."""

JUDGED_HZ = 25.0
"""How often training compares the knobs of a resynthesis with those asked for: no sample falls between the spectra."""

DEFAULT_KNOBS: tuple[type[Descriptor], ...] = (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness)
"""What a model has for knobs if nobody chooses."""


class Term(NamedTuple):
    """One summand of the loss: the total is the sum of weight * value."""

    value: Tensor
    weight: float = 1.0


class Encoding(NamedTuple):
    """A sound taken apart: controls (B, F, C) as knob positions, residual (B, F, D), terms of the loss by name.

    Where knobs were turned, `own` keeps the controls that the sound itself has.
    """

    controls: Tensor
    residual: Tensor
    terms: dict[str, Term]
    own: Tensor | None = None


class Encoder(nn.Module):
    """Audio to controls and residual; owns the descriptors, which are the knobs.

    Args:
        clip: format of the run
        descriptors: the knobs, in order: the first controls
        residual_size: D
        factors: names of the further controls, whose positions are learnt from labels and cannot be measured
        added_size: how many numbers of the residual, the last, are added to the raw balance of the harmonics

    Raises:
        ValueError: a descriptor must not be trained on, has no range, or two controls have the same name
    """

    calibrated: Tensor

    def __init__(
        self,
        clip: ClipFormat,
        descriptors: Sequence[Recipe[Descriptor]],
        residual_size: int = 0,
        factors: Sequence[str] = (),
        added_size: int = 0,
    ) -> None:
        super().__init__()
        self.descriptors = nn.ModuleList(_with_a_range(recipe, clip) for recipe in descriptors)
        self.factors = list(factors)
        self.hop = clip.hop
        self.every = max(1, round(clip.frame_rate_hz / MEASURED_HZ))
        # For the frames that are measured only: between them nothing would be judged but the interpolation.
        self.judged_every = self.every * max(1, round(clip.frame_rate_hz / self.every / JUDGED_HZ))
        self.level = Level(clip)
        self.prior, self.spectra = LearntPrior(), LineSpectra(clip)
        self.training_frames = TrainingFrames(len(self.descriptors))
        self.residual_size, self.added_size = residual_size, added_size
        self.register_buffer("calibrated", torch.tensor(False))
        for descriptor in self.each_descriptor():
            if descriptor.not_for_training:
                raise ValueError(f"{descriptor.name} cannot be a knob: {descriptor.not_for_training}.")
        twice = sorted({name for name in self.controls if self.controls.count(name) > 1})
        if twice:
            raise ValueError(f"the knob {twice[0]} is listed twice: name each descriptor once.")

    @property
    def knobs(self) -> list[str]:
        """Names of the controls that a descriptor measures, in order: the first of all controls."""
        return [descriptor.name for descriptor in self.each_descriptor()]

    @property
    def controls(self) -> list[str]:
        """Names of all controls, in order."""
        return [*self.knobs, *self.factors]

    @property
    def knob_kinds(self) -> list[str]:
        """Name, unit and curve of each control: what must agree for a checkpoint's positions to mean the same."""
        kinds = [f"{d.name} ({d.unit}, {d.curve})" for d in self.each_descriptor()]
        return kinds + [f"{factor} (label)" for factor in self.factors]

    def each_descriptor(self) -> Iterator[Descriptor]:
        """The descriptors, typed."""
        for module in self.descriptors:
            assert isinstance(module, Descriptor)
            yield module

    def knob_positions(self, audio: Tensor, f0_hz: Tensor, every: int = 1) -> Tensor:
        """(B, N) audio, (B, F) pitch in Hz -> (B, F / every, C) knob positions measured from it."""
        step = max(every, self.every)
        with without_autocast(audio):
            f0_hz = f0_hz.to(audio.dtype)
            measured = measure_all(self.each_descriptor(), audio, f0_hz, step)
            return self._positions(measured, f0_hz, step, every)

    def knob_positions_of_layers(self, layers: Layers, every: int = 1) -> Tensor:
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
        each = [d.position_of(value).expand(shape) for d, value in zip(self.each_descriptor(), measured, strict=True)]
        positions = torch.stack(each, dim=-1)
        return positions if step == every else interpolate_frames(positions, step, f0_hz.shape[1])[:, ::every]

    def sounding(self, audio: Tensor, every: int = 1) -> Tensor:
        """(B, N) audio -> (B, F / every) 1 in the frames where it sounds, else 0."""
        return sounding_frames(self.level_db(audio, every)).to(audio.dtype)

    def level_db(self, audio: Tensor, every: int = 1) -> Tensor:
        """(B, N) audio -> (B, F / every) A-weighted level in dB, whether or not a knob turns it."""
        with without_autocast(audio):
            no_pitch = audio.new_zeros(len(audio), audio.shape[-1] // self.hop)  # a level needs none
            return measure_all([self.level], audio, no_pitch, every)[0]

    @torch.no_grad()
    def calibrate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Take range and quantiles of every knob, and the pitches, from the frames of training batches that sound.

        Args:
            batches: (B, N) audio and its (B, F) pitch in Hz

        Raises:
            ValueError: none of it sounds
        """
        values: list[list[Tensor]] = [[] for _ in self.descriptors]
        pitches, played, notes = [], [], []
        for audio, f0_hz in batches:
            sounding = self.sounding(audio, self.every).bool()
            pitches.append(f0_hz[:, :: self.every][sounding])
            played.append(on_grid(self.spectra, audio, f0_hz, sounding, self.every))
            everything = measure_all(self.each_descriptor(), audio, f0_hz, self.every)
            notes.append(self.hear_notes(audio, f0_hz, sounding, everything))
            for kept, measured in zip(values, everything, strict=True):
                kept.append(measured.expand(sounding.shape)[sounding])
        pitch = torch.cat(pitches)
        if not len(pitch):
            raise ValueError("none of the training clips sounds: the knobs have no range to learn.")
        each = [torch.cat(kept) for kept in values]
        for descriptor, kept_values in zip(self.each_descriptor(), each, strict=True):
            descriptor.calibrate(kept_values, pitch)
        self.prior.learn(torch.cat(played))
        self.training_frames.learn(each, pitch)
        if each:
            positions = [d.position_of(value) for d, value in zip(self.each_descriptor(), each, strict=True)]
            self.learn_positions(torch.stack(positions, dim=-1))
        self.learn_notes([heard for heard in notes if heard is not None])
        self.calibrated.fill_(True)

    def learn_positions(self, positions: Tensor) -> None:
        """Take what a family wants to know from the training data's (n, knobs) positions; most want nothing."""

    def hear_notes(
        self, audio: Tensor, f0_hz: Tensor, sounding: Tensor, measured: Sequence[Tensor]
    ) -> HeardNotes | None:
        """What a family keeps of a calibration batch until the knobs have ranges; most keep nothing.

        Args:
            audio: (B, N)
            f0_hz: (B, F) pitch in Hz
            sounding: (B, F / every) True where it sounds
            measured: by each descriptor, (B, F / every) or (B, 1)
        """
        return None

    def learn_notes(self, heard: Sequence[HeardNotes]) -> None:
        """Take what a family wants of all that it kept; most want nothing."""

    def label_terms(self, encoding: Encoding, sounding: Tensor, labels: dict[str, Tensor]) -> dict[str, Term]:
        """Terms of the loss that the data's labels give.

        Args:
            encoding: of B clips
            sounding: (B, F / judged_every) 1 where the clip sounds
            labels: (B,) by name

        Returns:
            terms by name; most families have none
        """
        return {}

    def reach(self, f0_hz: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) pitches in Hz -> (n, knobs) lowest and highest positions that training notes near them reach."""
        ends = [descriptor.range.reach(f0_hz) for descriptor in self.each_descriptor()]
        low, high = zip(*ends, strict=True)
        return torch.stack(low, dim=-1), torch.stack(high, dim=-1)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch in Hz -> Encoding."""
        raise NotImplementedError


def _with_a_range(recipe: Recipe[Descriptor], clip: ClipFormat) -> Descriptor:
    """The descriptor, or a sentence that says why it cannot be a knob."""
    try:
        return recipe(clip)
    except AttributeError as error:
        if error.name != "default_span":
            raise
        name = type(error.obj).__name__
        raise ValueError(
            f"model.encoder.descriptors names {name}, a knob without a range: give it a default_span."
        ) from None
