"""What every layer of the synth promises."""

from torch import Tensor, nn


class Part(nn.Module):
    """One additive layer: it names the parameters it wants per frame and renders them.

    `sizes` maps each parameter to its width. Parameters arrive raw, straight from a network, and each part squashes
    its own: so the decoder needs to know nothing but the sizes.
    """

    sizes: dict[str, int]

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """(B, F) pitch and raw (B, F, size) parameters -> (B, N) audio."""
        raise NotImplementedError

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """What it plays as numbers, by their names in `Layers`.

        Raises:
            NotImplementedError: its sound is neither harmonics nor noise bands
        """
        raise NotImplementedError(f"{type(self).__name__} cannot say what it plays: measure its sound.")
