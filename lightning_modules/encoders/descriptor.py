"""Family 1: the controls are measured; a residual, if there is one, is free to say the rest."""

from collections.abc import Sequence

from torch import Tensor

from lightning_modules.encoders.encoder import DEFAULT_KNOBS, Encoder, Encoding
from lightning_modules.encoders.residual import ResidualRecipe, build_residual
from synths import ClipFormat, Descriptor, Recipe


class DescriptorEncoder(Encoder):
    """Controls are the measured descriptors; the residual is empty, or learnt.

    Without descriptors it is a plain autoencoder, or a variational one, as its residual is.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
        residual: what learns what the knobs leave unexplained; None is nothing
    """

    def __init__(
        self,
        clip: ClipFormat,
        descriptors: Sequence[Recipe[Descriptor]] = DEFAULT_KNOBS,
        residual: ResidualRecipe | None = None,
    ) -> None:
        learnt = build_residual(residual, clip) if residual else None
        super().__init__(clip, descriptors, learnt.size if learnt else 0)
        self.residual = learnt

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch -> (B, F, C) measured controls, (B, F, D) residual, its terms."""
        controls = self.knob_positions(audio, f0_hz)
        if self.residual is None:
            return Encoding(controls, controls.new_zeros(*controls.shape[:2], 0), {})
        residual, terms = self.residual(audio, f0_hz)
        return Encoding(controls, residual.to(controls.dtype), terms)
