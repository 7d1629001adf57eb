"""How much the spectrum changes from moment to moment."""

from torch import Tensor
from torch.nn import functional as F

from synths.clip import ClipFormat
from synths.descriptors.librosa_descriptor import LibrosaDescriptor, magnitude

APART_S = 0.01
STILL = 2.0**-24
"""Change that counts as none."""


class SpectralFlux(LibrosaDescriptor):
    """Shimmer: distance of a frame's magnitude spectrum from an earlier one's, both of length 1; 0 to the root of 2.

    After the spectral variation of Peeters et al. (2011), as a distance instead of a correlation. It depends on how far
    the frames are apart, 10 ms or one frame if that is longer, and on how far their windows overlap: compare it at one
    format only. `pooled` takes neighbours among librosa's frames. Frames without an earlier one have 0, like silence.
    """

    unit = "1"
    summary = "change of the spectrum (spectral flux, shimmer)"
    default_span = (0.0, 0.5)
    rate = "slow"

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.least_power = 1e-20 * self.librosa_unit
        self.n_apart = max(1, round(APART_S * clip.frame_rate_hz))

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) distance from the frame 10 ms before."""
        return self._distance(power, self.n_apart)

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, any N -> (B,) mean over all of librosa's frames, the first with 0."""
        return self._distance(self.librosa_power(audio), 1).mean(-1).to(audio.dtype)

    def _distance(self, power: Tensor, n_apart: int) -> Tensor:
        direction = magnitude(power) / power.sum(-1, keepdim=True).clamp_min(self.least_power).sqrt()
        change = (direction[:, n_apart:] - direction[:, :-n_apart]).square().sum(-1)
        return F.pad((change + STILL**2).sqrt() - STILL, (power.shape[1] - change.shape[1], 0))
