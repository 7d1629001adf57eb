"""What a note's partials have that its knobs and its pitch do not say: numbers per note, not per frame."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths import ClipFormat, Descriptor, sounding_mean
from synths.descriptors.line_spectra import LineSpectra
from synths.precision import without_autocast
from synths.signal import hz_to_midi

QUIETEST = 1e-6
"""Power of the weakest partial, of a frame's whole tone: 60 dB below it."""
RIDGE = 0.02
"""How far the prediction of a partial is held to the mean of the training notes, as a share of a usual variance."""


class NoteSpectrum(NamedTuple):
    """Of B notes: (B, P) level of each partial of the tone, 1 for 20 dB; (B, P) 1 for partials below Nyquist."""

    levels: Tensor
    known: Tensor


class HeardNotes(NamedTuple):
    """A calibration batch of B notes: their spectrum, (B, 1) pitch, what each descriptor measured, and where."""

    spectrum: NoteSpectrum
    pitch: Tensor
    measured: list[Tensor]
    sounding: Tensor


class NotePartials(nn.Module):
    """Level of each partial over a note, less what knobs and pitch predict of it: a second residual, one per note.

    The prediction is linear in knobs, pitch and their products, and learnt from training notes before training begins;
    before that it is 0. A decoder adds these numbers to the raw balance of its harmonics, where 1 is about 20 dB.

    Args:
        clip: format of the run
        n_knobs: C
        n_partials: P

    Raises:
        ValueError: no knob, or no partial
    """

    coefficients: Tensor

    def __init__(self, clip: ClipFormat, n_knobs: int, n_partials: int = 60) -> None:
        super().__init__()
        if n_partials < 1:
            raise ValueError(f"model.encoder.partials.n_partials is {n_partials}: it needs at least 1.")
        if n_knobs < 1:
            raise ValueError("model.encoder.partials needs knobs to predict from: name a descriptor, or leave it out.")
        self.nyquist_hz, self.size = clip.nyquist_hz, n_partials
        self.spectra = LineSpectra(clip)
        n_inputs = 1 + n_knobs
        self.register_buffer("coefficients", torch.zeros(1 + n_inputs + n_inputs * (n_inputs + 1) // 2, n_partials))

    @torch.no_grad()
    def forward(self, audio: Tensor, f0_hz: Tensor, controls: Tensor, sounding: Tensor) -> Tensor:
        """What the knobs do not say of each note.

        Args:
            audio: (B, N)
            f0_hz: (B, F) pitch in Hz
            controls: (B, F, C) knob positions
            sounding: (B, F / every) 1 where it sounds

        Returns:
            (B, P); 0 for partials above Nyquist and for silence
        """
        heard = self.spectrum(audio, f0_hz, sounding)
        positions = sounding_mean(controls, sounding, _every(f0_hz, sounding))
        predicted = self.inputs(mean_pitch(f0_hz, sounding), positions) @ self.coefficients
        return (heard.levels - predicted) * heard.known

    def spectrum(self, audio: Tensor, f0_hz: Tensor, sounding: Tensor) -> NoteSpectrum:
        """(B, N) audio, (B, F) pitch, (B, F / every) 1 where it sounds -> mean levels over what sounds."""
        every = _every(f0_hz, sounding)
        with without_autocast(audio):
            pitch = f0_hz[:, ::every].to(audio.dtype)
            power = self.spectra(audio, pitch, every, lambda: self.spectra.shortest(audio, every)).harmonics
            share = power / power.sum(-1, keepdim=True).clamp_min(1e-20)
            levels = sounding_mean(0.5 * (share[..., : self.size] + QUIETEST).log10(), sounding)
            levels = F.pad(levels, (0, self.size - levels.shape[-1]))
            number = torch.arange(1, self.size + 1, device=audio.device)
            highest_hz = (pitch * sounding).amax(1, keepdim=True)
            return NoteSpectrum(levels, ((highest_hz > 0) & (number * highest_hz < self.nyquist_hz)).to(levels))

    def inputs(self, pitch: Tensor, positions: Tensor) -> Tensor:
        """(B, 1) pitch, (B, C) mean positions -> (B, .): 1, pitch, knobs, and all their products."""
        linear = torch.cat([pitch, 2.0 * positions - 1.0], dim=-1)
        one, other = torch.triu_indices(linear.shape[-1], linear.shape[-1], device=linear.device)
        return torch.cat([torch.ones_like(pitch), linear, linear[:, one] * linear[:, other]], dim=-1)

    def hear(self, audio: Tensor, f0_hz: Tensor, sounding: Tensor, measured: Sequence[Tensor]) -> HeardNotes:
        """Keep of a batch what `learn` wants; arguments as `Encoder.hear_notes` has them."""
        sounding = sounding.to(audio.dtype)
        pitch = mean_pitch(f0_hz, sounding)
        return HeardNotes(self.spectrum(audio, f0_hz, sounding), pitch, list(measured), sounding)

    @torch.no_grad()
    def learn(self, batches: Sequence[HeardNotes], descriptors: Sequence[Descriptor]) -> None:
        """Take the prediction from training notes, by ridge regression, once the knobs have ranges."""
        rows = torch.cat([self.inputs(each.pitch, _mean_positions(each, descriptors)) for each in batches]).double()
        levels, known = (
            torch.cat(values).double() for values in zip(*(each.spectrum for each in batches), strict=True)
        )
        n_notes = known.sum(0).clamp_min(1.0)
        mean = (levels * known).sum(0) / n_notes
        weighted = known.T[:, :, None] * rows  # (P, n, .)
        held = RIDGE * n_notes[:, None, None] * torch.eye(rows.shape[1]).to(rows)
        found = torch.linalg.solve(weighted.mT @ rows + held, weighted.mT @ (levels - mean).T[..., None])[..., 0].T
        found[0] += mean
        self.coefficients.copy_(found)


def mean_pitch(f0_hz: Tensor, sounding: Tensor) -> Tensor:
    """(B, F) pitch in Hz, (B, F / every) 1 where it sounds -> (B, 1) its mean on a scale of octaves, of order 1."""
    pitch = (hz_to_midi(f0_hz)[..., None] - 64.0) / 22.0
    return sounding_mean(pitch.to(sounding.dtype), sounding, _every(f0_hz, sounding))


def _mean_positions(notes: HeardNotes, descriptors: Sequence[Descriptor]) -> Tensor:
    """(B, C) mean positions of the knobs."""
    shape = notes.sounding.shape
    each = [d.position_of(value).expand(shape) for d, value in zip(descriptors, notes.measured, strict=True)]
    return sounding_mean(torch.stack(each, dim=-1), notes.sounding)


def _every(f0_hz: Tensor, sounding: Tensor) -> int:
    return -(-f0_hz.shape[1] // sounding.shape[1])


PartialsRecipe = Callable[[ClipFormat, int], NotePartials]
"""Note partials in a configuration: told the clip format and the number of knobs, they build themselves."""
