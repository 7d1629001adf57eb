"""A decoder to whose partials a note adds its own."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lightning_modules.decoders.decoder import Decoder, State
from projection.prior import bark

LOUDNESS_EXPONENT = 0.6
"""Of the amplitude: with it sharpness moves least, on random changes of tones of 100 to 800 Hz."""
BALANCE, GAIN = "harmonic_balance", "harmonic_gain"


class WithPartials(Decoder):
    """Adds the last numbers of the residual to the balance of the harmonics; the decoder itself hears the others.

    1 is 20 dB. Only what the usual knobs do not say is added: the fundamental's share, the power of odd over even
    overtones and of the whole tone stay as they were decoded, in every frame, and so, nearly, does sharpness.
    Nothing of it is learnt, so that a note's partials stay its own however the knobs are turned.

    Args:
        decoder: of the rest
        n_partials: how many numbers are added, to the first partials
        nyquist_hz: partials above it are not there

    Raises:
        ValueError: the synth has no harmonics, or fewer
    """

    def __init__(self, decoder: Decoder, n_partials: int, nyquist_hz: float) -> None:
        nn.Module.__init__(self)  # the layers are those of the decoder inside
        if n_partials > decoder.sizes.get(BALANCE, 0):
            raise ValueError(
                f"model.encoder.partials are {n_partials}, and the synth has {decoder.sizes.get(BALANCE, 0)} harmonics:"
                " lower n_partials, or leave them out."
            )
        self.decoder, self.sizes, self.n_partials, self.nyquist_hz = decoder, decoder.sizes, n_partials, nyquist_hz

    def stream(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, state: State
    ) -> tuple[dict[str, Tensor], State]:
        """Go on from a state: the next block of any number of frames, as `forward` takes them, and the state after."""
        heard, added = residual.tensor_split([residual.shape[-1] - self.n_partials], dim=-1)
        parameters, state = self.decoder.stream(f0_hz, controls, heard, state)
        balance = parameters[BALANCE].to(f0_hz.dtype)
        added = F.pad(added.to(balance.dtype), (0, balance.shape[-1] - self.n_partials))
        before = F.logsigmoid(balance)  # the decimal logarithm of amplitudes, as `exp_sigmoid` makes them
        partials = _Partials(f0_hz, before, self.nyquist_hz)
        after, louder = partials.kept(before + partials.untilted(added))
        after = after - torch.relu(after.amax(-1, keepdim=True) + 0.1)  # it is a balance: its sum is the gain's
        gain = (F.logsigmoid(parameters[GAIN].to(f0_hz.dtype)) - louder).clamp_max(-1e-3)
        return {**parameters, BALANCE: _raw(after), GAIN: _raw(gain)}, state

    def initial_state(self, batch: int) -> State:
        """That of the decoder inside."""
        return self.decoder.initial_state(batch)

    def state_limits(self) -> dict[str, float]:
        """Those of the decoder inside."""
        return self.decoder.state_limits()


class _Partials:
    """Which partials are there, and what of a change of them the knobs would tell.

    Args:
        f0_hz: (B, F) pitch in Hz
        levels: (B, F, K) decimal logarithms of amplitudes
        nyquist_hz: half the rate
    """

    def __init__(self, f0_hz: Tensor, levels: Tensor, nyquist_hz: float) -> None:
        number = torch.arange(1, levels.shape[-1] + 1, device=levels.device)
        frequency_hz = f0_hz[..., None] * number
        self.there = (frequency_hz < nyquist_hz).to(levels)
        self.fundamental = (number == 1).to(levels)
        self.odd, self.even = ((number > 1) & (number % 2 == 1)).to(levels), (number % 2 == 0).to(levels)
        place = bark(frequency_hz)
        # As sharpness weighs it (DIN 45692).
        self.place = place * (1.0 + 0.15 * torch.expm1(0.42 * (place - 15.8).clamp_min(0.0)))
        self.levels = levels

    def untilted(self, added: Tensor) -> Tensor:
        """(B, F, K) change without what moves the centre of loudness, which grows as a root of the amplitudes."""
        weight = 10.0 ** (LOUDNESS_EXPONENT * self.levels) * self.there
        weight = weight / weight.sum(-1, keepdim=True).clamp_min(1e-9)
        place = self.place - (weight * self.place).sum(-1, keepdim=True)
        slope = (weight * place * added).sum(-1, keepdim=True) / ((weight * place.square()).sum(-1, keepdim=True) + 0.1)
        return added - slope * place * self.there

    def kept(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, F, K) new levels -> those with the shares of the old ones, and (B, F, 1) how much louder the tone is."""
        for group in (self.odd, self.even):
            levels = (
                levels
                + group * 0.5 * (_power(self.levels, group * self.there) / _power(levels, group * self.there)).log10()
            )
        overtones = (1.0 - self.fundamental) * self.there
        share = (_sum(levels, overtones) / _sum(self.levels, overtones)).log10()
        levels = torch.where(self.fundamental > 0, self.levels + share, levels)
        return levels, self._loudness(levels) - self._loudness(self.levels)

    def _loudness(self, levels: Tensor) -> Tensor:
        """(B, F, 1) decimal logarithm of what a tone is loud, once its partials' sum is 1."""
        return 0.5 * _power(levels, self.there).log10() - _sum(levels, self.there).log10()


def _sum(levels: Tensor, which: Tensor) -> Tensor:
    return (10.0**levels * which).sum(-1, keepdim=True) + 1e-7


def _power(levels: Tensor, which: Tensor) -> Tensor:
    return (10.0 ** (2.0 * levels) * which).sum(-1, keepdim=True) + 1e-14


def _raw(log_sigmoid: Tensor) -> Tensor:
    """The inverse of the logarithm of a sigmoid, of numbers below 0."""
    return log_sigmoid - (-torch.expm1(log_sigmoid)).log()
