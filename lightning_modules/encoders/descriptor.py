"""Family 1: the controls are measured, and nothing else is known of the sound."""

from collections.abc import Sequence

from torch import Tensor

from lightning_modules.encoders.encoder import Encoder, Encoding
from synths import Brightness, ClipFormat, Descriptor, Loudness, Noisiness, Recipe


class DescriptorEncoder(Encoder):
    """Controls are the measured descriptors; the residual is empty.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
    """

    def __init__(
        self, clip: ClipFormat, descriptors: Sequence[Recipe[Descriptor]] = (Loudness, Brightness, Noisiness)
    ) -> None:
        super().__init__(clip, descriptors)

    def forward(self, audio: Tensor) -> Encoding:
        """(B, N) audio -> (B, F, C) measured controls, (B, F, 0) residual, no terms."""
        controls = self.measure(audio)
        return Encoding(controls, controls.new_zeros(*controls.shape[:2], 0), {})
