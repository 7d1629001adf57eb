"""A recording as the synth's own numbers, frame by frame: the best that it could play of it, without a network."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.carriers import block_size, carriers, partials_below
from synths.clip import ClipFormat
from synths.descriptors.harmonic_lines import MEAN_OVER_LOG_MEAN
from synths.heterodyne import envelopes
from synths.layers import LOUDEST
from synths.signal import interpolate_frames
from synths.sms import SMSSynth
from synths.spectrum import Spectrum

N_STEPS = 15
LEARNING_RATES = {"amplitudes": 0.05, "noise_magnitudes": 0.5}
"""In nepers, at the start; they fall along a cosine. A heterodyne hears partials better than a few steps make them."""
EVERY = {"amplitudes": 4, "noise_magnitudes": 1}
"""Frames from gain to gain: partials that jitter from frame to frame sound as noise, which no gain on noise undoes."""
QUIETEST = 1e-7
FLOOR = 1e-2
"""Share of a frame's strongest number: what a decoder has below that, 40 dB down, it has not learnt to move."""
BLOCK_S, MARGIN_S = 10.0, 0.3
"""Longer sounds are fitted one block after the other, each with so much of its neighbours to either side."""
ONE_PARTIAL = 0.5
"""Partials nearer to each other than so many times the pitch are strings of one note, which beat."""
UNIFORM_POWER = 1.0 / 3.0
"""Mean square of white noise in -1..1."""

Played = Sequence[Mapping[str, Tensor]]
"""What each part of a synth plays, by the names in `Layers`."""
Distance = Callable[[Tensor, Tensor], Tensor]
"""(B, N) output and target -> scalar, differentiable in the output."""


class Fit(NamedTuple):
    """What a synth plays of one recording, fitted, and what a decoder plays of it: (1, F, ...) numbers of each part.

    white_noise: (1, F, hop) for each part that wants it, which the fit was made with; None if none does
    """

    played: Played
    decoded: Played
    white_noise: Tensor | None

    def moved(self, turned: Played, share: Tensor | None = None) -> list[dict[str, Tensor]]:
        """What the decoder plays of it with its knobs turned -> the fit, changed as much as that changed.

        Where the decoder changes nothing, it is the fit itself.

        Args:
            turned: (R, F, ...) numbers of each part
            share: (R,) of the way from there to what the decoder plays, in decibels; by default none of it
        """
        each = zip(self.played, self.decoded, turned, strict=True)
        moved = [_moved(fitted, before, after) for fitted, before, after in each]
        return moved if share is None else [_between(*both, share) for both in zip(moved, turned, strict=True)]


def _moved(
    fitted: Mapping[str, Tensor], before: Mapping[str, Tensor], after: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    moved = dict(after)
    for name in fitted:
        change = _above_floor(after[name]) / _above_floor(before[name])
        moved[name] = (fitted[name] * change).clamp_max(LOUDEST)
    return moved


def _between(moved: Mapping[str, Tensor], turned: Mapping[str, Tensor], share: Tensor) -> dict[str, Tensor]:
    between = dict(moved)
    for name in EVERY.keys() & moved.keys():
        here, there = (each[name].clamp_min(QUIETEST).log() for each in (moved, turned))
        between[name] = torch.lerp(here, there, share[:, None, None]).exp()
    return between


def _above_floor(values: Tensor) -> Tensor:
    """(B, F, n) numbers, none of which counts as less than a floor under the frame's strongest."""
    return values + (FLOOR * values.amax(-1, keepdim=True)).clamp_min(QUIETEST)


@torch.inference_mode(False)
@torch.enable_grad()
def fit(
    synth: SMSSynth,
    audio: Tensor,
    f0_hz: Tensor,
    decoded: Played,
    white_noise: Tensor | None,
    distance: Distance,
    n_steps: int = N_STEPS,
) -> Fit:
    """Take a recording apart into what a synth's parts play.

    Each partial starts as loud as the recording's is, found by heterodyne, and noise as loud as the recording is
    half-way between partials; then Adam brings the sound nearer (Kingma & Ba 2015). The same input always gives the
    same fit. Frequencies of partials that are not harmonics stay as they were decoded; they are listened for at the
    median of their ratios to the pitch.

    Args:
        synth: effects included
        audio: (1, N), whole frames
        f0_hz: (1, F) pitch in Hz
        decoded: (1, F, ...) numbers of each part, as `SMSSynth.played` gives them
        white_noise: (1, F, hop) for each part that wants it, side by side
        distance: of two sounds
        n_steps: of Adam; 0 leaves it at the start

    Raises:
        NotImplementedError: a part renders its parameters only
    """
    audio, f0_hz = audio.clone(), f0_hz.clone()
    block, margin = (round(seconds * synth.clip.frame_rate_hz) for seconds in (BLOCK_S, MARGIN_S))
    kept = []
    for first in range(0, f0_hz.shape[1], block):
        begin, end = max(0, first - margin), min(f0_hz.shape[1], first + block + margin)
        frames = _Frames(synth, audio, f0_hz, decoded, white_noise).between(begin, end, 2 * margin)
        inside = slice(first - begin, min(first + block, f0_hz.shape[1]) - begin)
        numbers = frames.nearer(frames.start(), distance, n_steps)
        kept.append([{name: values[:, inside] for name, values in own.items()} for own in numbers])
    together = [
        {name: torch.cat([each[part][name] for each in kept], dim=1) for name in own}
        for part, own in enumerate(kept[0])
    ]
    return Fit(together, decoded, white_noise)


class _Frames(NamedTuple):
    """A stretch of sound to fit: arguments as `fit` has them."""

    synth: SMSSynth
    audio: Tensor
    f0_hz: Tensor
    decoded: Played
    white_noise: Tensor | None

    def between(self, begin: int, end: int, fewest: int) -> "_Frames":
        """Frames from `begin` to before `end`, followed by silence where these are fewer than `fewest`."""
        hop, more = self.synth.clip.hop, max(0, fewest - (end - begin))

        def cut(values: Tensor) -> Tensor:
            part = values[:, begin:end].clone()
            return torch.cat([part, part[:, -1:].expand(-1, more, *part.shape[2:])], dim=1) if more else part

        audio = F.pad(self.audio[:, begin * hop : end * hop], (0, more * hop))
        decoded = [{name: cut(values) for name, values in own.items()} for own in self.decoded]
        noise = None if self.white_noise is None else cut(self.white_noise)
        return _Frames(self.synth, audio, cut(self.f0_hz), decoded, noise)

    def start(self) -> list[dict[str, Tensor]]:
        """As loud as the recording's partials and its noise, shared among the parts that play them."""
        clip = self.synth.clip
        n_harmonic = sum("amplitudes" in own and "frequencies_hz" not in own for own in self.decoded)
        n_noise = sum("noise_magnitudes" in own for own in self.decoded)
        ratios = self._ratios()
        started = []
        for own in self.decoded:
            numbers = {name: own[name] for name in ("amplitudes", "noise_magnitudes") if name in own}
            if "frequencies_hz" in own:
                its = self._ratios_of(own["frequencies_hz"])
                # Two strings of one partial are heard as one: half of it each.
                alike = ((its[:, None] - its).abs() < ONE_PARTIAL).sum(1)
                heard = partials_heard(self.audio, self.f0_hz, clip, len(its), its)
                numbers["amplitudes"] = heard / alike
            elif "amplitudes" in own:
                numbers["amplitudes"] = partials_heard(self.audio, self.f0_hz, clip, own["amplitudes"].shape[-1])
                numbers["amplitudes"] = numbers["amplitudes"] / n_harmonic
            if "noise_magnitudes" in own:
                heard = noise_heard(self.audio, self.f0_hz, clip, own["noise_magnitudes"].shape[-1], ratios)
                numbers["noise_magnitudes"] = heard / n_noise**0.5
            started.append({name: values.clamp(QUIETEST, LOUDEST) for name, values in numbers.items()})
        return started

    def _ratios(self) -> Tensor | None:
        """(K,) of all partials that are no harmonics to the pitch, ascending, several strings' once; None without."""
        free = [self._ratios_of(own["frequencies_hz"]) for own in self.decoded if "frequencies_hz" in own]
        if not free:
            return None
        ratios = torch.cat(free).sort().values
        return ratios[ratios.diff(prepend=ratios.new_tensor([-1.0])) >= ONE_PARTIAL]

    def _ratios_of(self, frequencies_hz: Tensor) -> Tensor:
        return (frequencies_hz / self.f0_hz[..., None].clamp_min(1e-3)).median(1).values[0].cpu()

    def nearer(self, start: list[dict[str, Tensor]], distance: Distance, n_steps: int) -> list[dict[str, Tensor]]:
        """Go down the distance from these numbers on, by gains known in every so-many-th frame."""
        gains = [{name: torch.zeros_like(values[:, :: EVERY[name]]) for name, values in own.items()} for own in start]
        moving = [values.requires_grad_() for own in gains for values in own.values()]
        rates = [LEARNING_RATES[name] for own in gains for name in own]
        adam = torch.optim.Adam([{"params": [values]} for values in moving], betas=(0.9, 0.99))
        for step in range(n_steps):
            falls = 0.51 + 0.49 * math.cos(math.pi * step / n_steps)
            for group, rate in zip(adam.param_groups, rates, strict=True):
                group["lr"] = rate * falls
            numbers = [_scaled(*both) for both in zip(start, gains, strict=True)]
            played = [{**own, **changed} for own, changed in zip(self.decoded, numbers, strict=True)]
            output = self.synth.play(self.f0_hz, played, self.white_noise)
            # A sum rather than a mean: squares of its slopes must not vanish in single precision.
            slopes = torch.autograd.grad(distance(output, self.audio) * output.numel(), moving)
            for values, slope in zip(moving, slopes, strict=True):
                values.grad = slope.nan_to_num(0.0, 0.0, 0.0)
            adam.step()
        with torch.no_grad():
            return [_scaled(*both) for both in zip(start, gains, strict=True)]


def _scaled(numbers: Mapping[str, Tensor], gains: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: (values * interpolate_frames(gains[name], EVERY[name], values.shape[1]).exp()).clamp(QUIETEST, LOUDEST)
        for name, values in numbers.items()
    }


@torch.no_grad()
def partials_heard(
    audio: Tensor, f0_hz: Tensor, clip: ClipFormat, n_partials: int, ratios: Tensor | None = None
) -> Tensor:
    """(1, N) audio, (1, F) pitch in Hz -> (1, F, n_partials) amplitudes of its partials, 0 near half the rate.

    They lie at (n_partials,) ratios to the pitch; at its harmonics where there are none.
    """
    sound, pitch = audio[0].cpu(), f0_hz[0].cpu()
    block = block_size(pitch, clip.sample_rate)
    n_below = partials_below(pitch, clip.sample_rate, n_partials) if ratios is None else n_partials
    waves = carriers(pitch, clip.sample_rate, clip.hop, block, len(sound), n_below, ratios)
    cosines, sines = envelopes(sound, waves).split(n_below, dim=-1)
    at_edges = torch.hypot(cosines, sines)
    place = torch.arange(len(pitch)) * clip.hop / block
    before = place.long().clamp_max(len(at_edges) - 2)
    heard = torch.lerp(at_edges[before], at_edges[before + 1], (place - before)[:, None])
    return F.pad(heard, (0, n_partials - n_below))[None].to(audio)


@torch.no_grad()
def noise_heard(audio: Tensor, f0_hz: Tensor, clip: ClipFormat, n_bands: int, ratios: Tensor | None = None) -> Tensor:
    """(1, N) audio, (1, F) pitch in Hz -> (1, F, n_bands) gains on white noise, heard half-way between partials.

    Each band takes the gap that it lies in, by the mean logarithm of three bins. Partials lie at ascending (K,) ratios
    to the pitch; at its harmonics where there are none.
    """
    spectrum = Spectrum(clip, 0.05).to(audio.device)
    # White noise that is uniform in -1..1 has so much power in each bin.
    of_white = 4.0 * UNIFORM_POWER / spectrum.n_fft
    level = (spectrum(audio) / of_white + QUIETEST**2).log()
    smooth = F.avg_pool1d(level.flatten(0, 1)[:, None], 3, 1, 1)[:, 0].unflatten(0, level.shape[:2])
    band_hz = torch.linspace(0.0, clip.nyquist_hz, n_bands).to(audio)
    gap_hz = _gap(band_hz / f0_hz[..., None], ratios) * f0_hz[..., None]
    place = (gap_hz * spectrum.n_fft / clip.sample_rate).round().long().clamp(1, spectrum.n_fft // 2 - 1)
    return (0.5 * (smooth.gather(-1, place) + math.log(MEAN_OVER_LOG_MEAN))).exp()


def _gap(place: Tensor, ratios: Tensor | None) -> Tensor:
    """Places in multiples of the pitch -> the middles of the gaps between partials that they lie in.

    Above the highest partial a place is its own.
    """
    if ratios is None:
        return place.floor() + 0.5
    edges = torch.cat([ratios.new_zeros(1), ratios]).to(place)
    above = torch.searchsorted(edges, place.contiguous(), right=True)
    inside = above.clamp_max(len(edges) - 1)
    return torch.where(above < len(edges), 0.5 * (edges[inside - 1] + edges[inside]), place)
