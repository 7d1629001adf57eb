"""A decoder to whose partials a note adds its own."""

import torch.nn.functional as F
from torch import Tensor, nn

from lightning_modules.decoders.decoder import Decoder, State

BALANCE = "harmonic_balance"


class WithPartials(Decoder):
    """Adds the last numbers of the residual to the raw balance of the harmonics; the decoder itself hears the others.

    Nothing is learnt of them: a note's own partials stay its own however the knobs are turned.

    Args:
        decoder: of the rest
        n_partials: how many numbers are added, to the first partials

    Raises:
        ValueError: the synth has no harmonics, or fewer
    """

    def __init__(self, decoder: Decoder, n_partials: int) -> None:
        nn.Module.__init__(self)  # the layers are those of the decoder inside
        if n_partials > decoder.sizes.get(BALANCE, 0):
            raise ValueError(
                f"model.encoder.partials are {n_partials}, and the synth has {decoder.sizes.get(BALANCE, 0)} harmonics:"
                " lower n_partials, or leave them out."
            )
        self.decoder, self.sizes, self.n_partials = decoder, decoder.sizes, n_partials

    def stream(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, state: State
    ) -> tuple[dict[str, Tensor], State]:
        """Go on from a state: the next block of any number of frames, as `forward` takes them, and the state after."""
        heard, added = residual.tensor_split([residual.shape[-1] - self.n_partials], dim=-1)
        parameters, state = self.decoder.stream(f0_hz, controls, heard, state)
        balance = parameters[BALANCE]
        added = F.pad(added, (0, balance.shape[-1] - self.n_partials))
        return {**parameters, BALANCE: balance + added.to(balance.dtype)}, state

    def initial_state(self, batch: int) -> State:
        """That of the decoder inside."""
        return self.decoder.initial_state(batch)

    def state_limits(self) -> dict[str, float]:
        """Those of the decoder inside."""
        return self.decoder.state_limits()
