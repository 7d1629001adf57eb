"""What a synth plays, frame by frame, before it is sound."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.noise import noise_response
from synths.stiffness import number_of

MOST_HARMONICS = 128
"""Numbers by which partials at any frequency are counted, if they are not more themselves."""

LOUDEST = 2.0
"""Amplitude and gain that no part exceeds: the maximum of `exp_sigmoid`."""


class Layers(NamedTuple):
    """The dry sound of a synth as its own numbers: descriptors measured on them have no window's smear.

    Shapes: f0_hz (B, F); amplitudes (B, F, K) of partials, 0 above Nyquist; noise_magnitudes (B, F, M), gains at M even
    frequencies from 0 Hz to Nyquist on white noise that is uniform in -1..1; frequencies_hz (B, F, K) of the partials,
    or None where they are the harmonics 1..K of f0_hz. Partials at any frequency add up by their power.
    """

    f0_hz: Tensor
    amplitudes: Tensor
    noise_magnitudes: Tensor
    frequencies_hz: Tensor | None = None

    @property
    def partials_hz(self) -> Tensor:
        """(B, F, K) frequency of each partial."""
        return _harmonics_hz(self.f0_hz, self.amplitudes) if self.frequencies_hz is None else self.frequencies_hz

    def partials_power(self, stiffness: Tensor | None = None) -> Tensor:
        """(B, F, H) power at each harmonic of the pitch: every partial counts as the harmonic that it is nearest to.

        A stiff string's 30th partial, an eighth too high, is a 34th harmonic: as in its sound, where pitch is all that
        is known. With the (B, F) stiffness of the string it is the 30th. No partial is noise, however far it lies from
        all harmonics.
        """
        power = self.amplitudes.square()
        if self.frequencies_hz is None:
            return power
        n_harmonics = max(MOST_HARMONICS, power.shape[-1])
        number = self.frequencies_hz.detach() / self.f0_hz.detach()[..., None].clamp_min(1e-3)
        if stiffness is not None:
            number = number_of(number, stiffness[..., None])
        place = number.round().clamp(1, n_harmonics).long() - 1
        return power.new_zeros(*power.shape[:2], n_harmonics).scatter_add(-1, place, power)

    @property
    def noise_alone(self) -> "Layers":
        """Without the partials."""
        return self._replace(amplitudes=self.amplitudes[..., :0], frequencies_hz=None)

    def every(self, step: int) -> "Layers":
        """Every n-th frame, from the first on."""
        return self.frames(lambda values: values[:, ::step])

    def around_every(self, step: int) -> "Layers":
        """Every n-th frame, as loud as the mean power of those around it, the nearer ones counting more.

        Gains that are known in every n-th frame act on these, and in the same proportions.
        """
        if step == 1:
            return self
        amplitudes, noise = (_power_around(values, step) for values in (self.amplitudes, self.noise_magnitudes))
        return self._replace(amplitudes=amplitudes, noise_magnitudes=noise).every(step)

    def frames(self, choose: Callable[[Tensor], Tensor]) -> "Layers":
        """What is chosen of the frames, from every tensor alike."""
        f0_hz, amplitudes, noise, hz = self
        return Layers(choose(f0_hz), choose(amplitudes), choose(noise), None if hz is None else choose(hz))

    def scaled(self, log_gains: Tensor) -> "Layers":
        """With (B, F, K + M) log gains on its partials and bands, none of which gets louder than a part can."""
        n_partials = self.amplitudes.shape[-1]
        amplitudes = _scaled(self.amplitudes, log_gains[..., :n_partials])
        return self._replace(
            amplitudes=amplitudes, noise_magnitudes=_scaled(self.noise_magnitudes, log_gains[..., n_partials:])
        )


def layers_together(f0_hz: Tensor, each: Sequence[Mapping[str, Tensor]]) -> Layers:
    """(B, F) pitch and what each part plays, by the names in `Layers` -> what they play together.

    Harmonics of several parts are in phase, and their amplitudes add. Noises are independent, and their powers
    add, on the finest of their grids.
    """
    harmonics = [played["amplitudes"] for played in each if "amplitudes" in played and "frequencies_hz" not in played]
    free = [(played["amplitudes"], played["frequencies_hz"]) for played in each if "frequencies_hz" in played]
    noises = [played["noise_magnitudes"] for played in each if "noise_magnitudes" in played]
    nothing = f0_hz.new_zeros(*f0_hz.shape, 0)
    amplitudes = _added(harmonics) if harmonics else nothing
    noise = _powers_added(noises) if noises else nothing
    if not free:
        return Layers(f0_hz, amplitudes, noise)
    frequencies_hz = torch.cat([_harmonics_hz(f0_hz, amplitudes), *(hz for _, hz in free)], dim=-1)
    return Layers(f0_hz, torch.cat([amplitudes, *(values for values, _ in free)], dim=-1), noise, frequencies_hz)


def parts_scaled(each: Sequence[Mapping[str, Tensor]], log_gains: Tensor) -> list[dict[str, Tensor]]:
    """What each part plays, with the gains that `Layers.scaled` gives to what they play together.

    Harmonics of one number have one gain, whichever part plays them; a coarser grid of noise takes the gains that lie
    at its frequencies.
    """
    n_harmonics = max((p["amplitudes"].shape[-1] for p in each if "amplitudes" in p and not _is_free(p)), default=0)
    n_partials = n_harmonics + sum(p["amplitudes"].shape[-1] for p in each if _is_free(p))
    of_bands, next_free, scaled = log_gains[..., n_partials:], n_harmonics, []
    for played in each:
        changed = dict(played)
        if "amplitudes" in played:
            start = next_free if _is_free(played) else 0
            stop = start + played["amplitudes"].shape[-1]
            next_free = stop if _is_free(played) else next_free
            changed["amplitudes"] = _scaled(played["amplitudes"], log_gains[..., start:stop])
        if "noise_magnitudes" in played:
            magnitudes = played["noise_magnitudes"]
            changed["noise_magnitudes"] = _scaled(magnitudes, _at_bands(of_bands, magnitudes.shape[-1]))
        scaled.append(changed)
    return scaled


def _power_around(values: Tensor, step: int) -> Tensor:
    """(B, F, n) amplitudes -> (B, F, n) roots of mean powers within less than `step` frames, the ends held."""
    reach = step - 1
    window = torch.bartlett_window(2 * step + 1, periodic=False)[1:-1].to(values) / step
    power = F.pad(values.square().mT.flatten(0, 1)[:, None], (reach, reach), mode="replicate")
    return F.conv1d(power, window[None, None])[:, 0].unflatten(0, values.mT.shape[:2]).mT.clamp_min(0.0).sqrt()


def _is_free(played: Mapping[str, Tensor]) -> bool:
    return "frequencies_hz" in played


def _scaled(values: Tensor, log_gains: Tensor) -> Tensor:
    return (values * log_gains.exp()).clamp_max(LOUDEST)


def _at_bands(log_gains: Tensor, n_bands: int) -> Tensor:
    """(B, F, M) at even frequencies -> (B, F, n_bands), in lines between."""
    if log_gains.shape[-1] == n_bands:
        return log_gains
    return F.interpolate(log_gains, n_bands, mode="linear", align_corners=True)


def _harmonics_hz(f0_hz: Tensor, amplitudes: Tensor) -> Tensor:
    return f0_hz[..., None] * torch.arange(1, amplitudes.shape[-1] + 1, device=f0_hz.device)


def _added(amplitudes: Sequence[Tensor]) -> Tensor:
    most = max(values.shape[-1] for values in amplitudes)
    padded = [F.pad(values, (0, most - values.shape[-1])) for values in amplitudes]
    return sum(padded[1:], padded[0])


def _powers_added(magnitudes: Sequence[Tensor]) -> Tensor:
    """(B, F, M) gains each, M may differ -> root of the sum of their squares at the most frequencies."""
    if len(magnitudes) == 1:
        return magnitudes[0]
    most = max(values.shape[-1] for values in magnitudes)
    powers = [_on_grid(values, most).square() for values in magnitudes]
    # Under 160 dB below full scale the root keeps a finite slope.
    return (sum(powers[1:], powers[0]) + 1e-16).sqrt()


def _on_grid(magnitudes: Tensor, n_bands: int) -> Tensor:
    """(B, F, M) gains -> (B, F, n_bands) what their filter lets through at more frequencies."""
    if magnitudes.shape[-1] == n_bands:
        return magnitudes
    return magnitudes @ noise_response(magnitudes.shape[-1], 2 * (n_bands - 1)).to(magnitudes)
