"""Which changes of a sound are likely together: the covariance of log amplitudes and of log gains of noise bands."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.descriptors.line_spectra import LineSpectra
from synths.layers import Layers

GRID_BARK = tuple(0.5 * step for step in range(1, 45))
"""Places at which training notes are read, for the partials and again for the noise."""
FEWEST_FRAMES = 200
QUIETEST = 1e-5
"""The floor, relative to a frame's strongest partial or band: what is weaker counts as this, 100 dB below."""
DIRECTION_WEIGHTS = (4.0, 1.0, 1.0, 1.0, 1.0)


def bark(frequency_hz: Tensor) -> Tensor:
    """Frequency in Hz -> critical-band rate in Bark (Traunmüller 1990)."""
    return 26.81 * frequency_hz / (1960.0 + frequency_hz) - 0.53


def musical_prior(layers: Layers, nyquist_hz: float) -> Tensor:
    """What a synth plays -> (B, P, P) covariance of its log gains without any data, at each clip's median pitch.

    P = K + M: partials, then noise bands. The whole gets louder, brighter, purer, hollower or noisier rather than one
    partial alone; neighbours on the Bark scale go together.
    """
    return BarkPlaces.of(layers, nyquist_hz).musical_prior()


class LearntPrior(nn.Module):
    """The same from training notes, whose covariance on a Bark grid is kept as a buffer: zeros where none was learnt.

    A checkpoint of before it was kept loads, and the musical prior stands in.
    """

    covariance: Tensor

    def __init__(self) -> None:
        super().__init__()
        size = 2 * len(GRID_BARK)
        self.register_buffer("covariance", torch.zeros(size, size))

    @property
    def known(self) -> bool:
        """Whether something was learnt."""
        return bool(self.covariance.any())

    def forward(self, layers: Layers, nyquist_hz: float) -> Tensor:
        """What a synth plays -> (B, P, P) covariance of its log gains, at each clip's median pitch."""
        if not self.known:
            return musical_prior(layers, nyquist_hz)
        places = BarkPlaces.of(layers, nyquist_hz)
        directions, onto = places.directions(), places.from_grid()
        learnt = onto @ self.covariance.to(onto) @ onto.mT
        return learnt + 0.05 * directions @ directions.mT + 0.01 * _eye(places.bark)

    @torch.no_grad()
    def learn(self, notes: Tensor) -> None:
        """Take (n, 2 * 44) log amplitudes and log gains of noise, as `on_grid` reads them; too few change nothing."""
        if len(notes) >= FEWEST_FRAMES:
            centred = notes.double() - notes.double().mean(0)
            self.covariance.copy_(centred.mT @ centred / (len(notes) - 1))

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        state = {f"{prefix}covariance": torch.zeros_like(self.covariance), **state_dict}
        super()._load_from_state_dict(state, prefix, *rest)


@torch.no_grad()
def on_grid(spectra: LineSpectra, audio: Tensor, f0_hz: Tensor, sounding: Tensor, every: int) -> Tensor:
    """Read partials and noise of the frames that sound.

    Args:
        spectra: what hears them
        audio: (B, N)
        f0_hz: (B, F) pitch in Hz
        sounding: (B, F / every) 1 where it sounds
        every: look at every so-many-th frame

    Returns:
        (n, 2 * 44) natural logarithms at the grid's places, of the frames whose partials the shortest window holds
        apart: in others noise cannot be told from them
    """
    power, pitch = spectra.shortest(audio, every), f0_hz[:, ::every]
    lines = spectra(audio, pitch, every, lambda: power)
    heard = sounding.bool() & (pitch >= spectra.windows[0].lowest_hz)
    pitch, partials, power = pitch[heard], lines.harmonics[heard], power[heard]
    grid_hz = _grid_hz(pitch)
    nyquist_hz = float(spectra.shortest.frequency_hz[-1])
    n_audible = (nyquist_hz / pitch).floor()[:, None]
    number = (grid_hz / pitch[:, None]).clamp_min(1.0).minimum(n_audible)
    below = number.floor().minimum(n_audible - 1).clamp_min(1.0)
    logs = 0.5 * _floored(partials).log()
    first, second = (logs.gather(1, (n - 1).long().clamp(0, logs.shape[1] - 1)) for n in (below, below + 1))
    tone = torch.lerp(first, second, (number - below).clamp(0.0, 1.0))
    gap_hz = ((grid_hz / pitch[:, None]).floor().minimum(n_audible - 1) + 0.5) * pitch[:, None]
    place = (gap_hz / spectra.shortest.frequency_hz[1]).round().long().clamp(1, power.shape[1] - 2)
    smooth = F.avg_pool1d(power[:, None], 3, 1, 1)[:, 0]
    noise = 0.5 * _floored(smooth.gather(1, place)).log()
    return torch.cat([tone, noise], dim=1)


class BarkPlaces:
    """Where partials and bands of B clips lie: Bark (B, P), number of each partial (B, K).

    Args:
        partials_hz: (B, K)
        number: (B, K) of each partial, from 1 on
        bands_hz: (M,) middles of the bands
        nyquist_hz: half the rate
    """

    def __init__(self, partials_hz: Tensor, number: Tensor, bands_hz: Tensor, nyquist_hz: float) -> None:
        bands_hz = bands_hz.to(partials_hz).expand(len(partials_hz), -1)
        self.bark = bark(torch.cat([partials_hz, bands_hz], dim=1).clamp(0.0, nyquist_hz))
        self.number, self.n_bands = number, bands_hz.shape[1]
        self.is_noise = torch.arange(self.bark.shape[1], device=partials_hz.device) >= partials_hz.shape[1]

    @classmethod
    def of(cls, layers: Layers, nyquist_hz: float) -> "BarkPlaces":
        """At the median over the frames."""
        partials_hz = layers.partials_hz.detach().median(1).values
        pitch = layers.f0_hz.detach().median(1).values.clamp_min(1e-3)
        number = (partials_hz / pitch[:, None]).round().clamp_min(1.0)
        bands_hz = torch.linspace(0.0, nyquist_hz, layers.noise_magnitudes.shape[-1])
        return cls(partials_hz, number, bands_hz, nyquist_hz)

    def musical_prior(self) -> Tensor:
        """(B, P, P) covariance of log gains without any data (`musical_prior`)."""
        directions = self.directions()
        weighted = directions * directions.new_tensor(DIRECTION_WEIGHTS)
        return weighted @ directions.mT + 0.3 * self.nearness(1.5) + 0.1 * _eye(self.bark)

    def directions(self) -> Tensor:
        """(B, P, 5) all, tilt, fundamental, odd against even overtones, noise."""
        without = self.number.new_zeros(len(self.number), self.n_bands)
        odd = torch.where(self.number % 2 == 1, 1.0, -1.0) * (self.number > 1)
        fundamental = (self.number == 1).to(self.bark)
        noise = self.is_noise.to(self.bark).expand_as(self.bark)
        partial_only = [torch.cat([values.to(self.bark), without], dim=1) for values in (fundamental, odd)]
        return torch.stack([torch.ones_like(self.bark), self.bark / 12.0 - 1.0, *partial_only, noise], dim=-1)

    def nearness(self, width_bark: float) -> Tensor:
        """(B, P, P) how near two lie on the Bark scale; partials and noise half as near."""
        apart = (self.bark[:, :, None] - self.bark[:, None]) / width_bark
        alike = self.is_noise[:, None] == self.is_noise
        return (-0.5 * apart.square()).exp() * torch.where(alike, 1.0, 0.5).to(self.bark)

    def from_grid(self) -> Tensor:
        """(B, P, 2 * 44) values at the grid -> values at each place, in lines between."""
        step = GRID_BARK[1] - GRID_BARK[0]
        place = ((self.bark - GRID_BARK[0]) / step).clamp(0.0, len(GRID_BARK) - 1.001)
        weight = (1.0 - (place[..., None] - torch.arange(len(GRID_BARK)).to(place)).abs()).clamp_min(0.0)
        nothing = torch.zeros_like(weight)
        both = (torch.cat([weight, nothing], -1), torch.cat([nothing, weight], -1))
        return torch.where(self.is_noise[:, None], both[1], both[0])


def _grid_hz(like: Tensor) -> Tensor:
    """(44,) frequencies of the grid: `bark`, solved for frequency."""
    place = like.new_tensor(GRID_BARK) + 0.53
    return 1960.0 * place / (26.81 - place)


def _floored(power: Tensor) -> Tensor:
    return power.maximum(QUIETEST**2 * power.amax(-1, keepdim=True)).clamp_min(1e-20)


def _eye(like: Tensor) -> Tensor:
    return torch.eye(like.shape[-1]).to(like)
