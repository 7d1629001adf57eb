"""The literature's decoder."""

from torch import Tensor, nn

from lightning_modules.decoders.decoder import Decoder, State


class GruDecoder(Decoder):
    """Remembers with one gated recurrent layer (Engel et al. 2020, appendix B.2), small enough for a CPU.

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter
        width: units of each layer
    """

    def __init__(self, n_controls: int, residual_size: int, sizes: dict[str, int], width: int = 256) -> None:
        super().__init__(n_controls, residual_size, sizes, width, before_width=max(1, width // 2))
        self.gru = nn.GRU(max(1, width // 2), width, batch_first=True)

    def remember(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F, width / 2) features, (B, width) hidden state -> (B, F, width)."""
        hidden, last = self.gru(features, state["hidden"][None])
        return hidden, {"hidden": last[0]}

    def initial_state(self, batch: int) -> State:
        """A hidden state of zeros, (B, width)."""
        return {"hidden": self.heads.weight.new_zeros(batch, self.gru.hidden_size)}

    def state_limits(self) -> dict[str, float]:
        """A mean of what it was and a hyperbolic tangent never leaves -1..1."""
        return {"hidden": 1.0}
