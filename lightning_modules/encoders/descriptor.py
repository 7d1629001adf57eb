"""Family 1: the controls are measured, and nothing else is known of the sound."""

from collections.abc import Sequence

from torch import Tensor

from lightning_modules.encoders.encoder import Encoder, Encoding
from synths import ClipFormat, Descriptor, FundamentalShare, Level, Noisiness, OddEvenBalance, Recipe, Sharpness


class DescriptorEncoder(Encoder):
    """Controls are the measured descriptors; the residual is empty.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
    """

    def __init__(
        self,
        clip: ClipFormat,
        descriptors: Sequence[Recipe[Descriptor]] = (Level, Sharpness, FundamentalShare, OddEvenBalance, Noisiness),
    ) -> None:
        super().__init__(clip, descriptors)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch -> (B, F, C) measured controls, (B, F, 0) residual, no terms."""
        controls = self.measure(audio, f0_hz)
        return Encoding(controls, controls.new_zeros(*controls.shape[:2], 0), {})
