"""How much it is noise rather than tone."""

import math

import torch
from torch import Tensor

from synths.descriptors.descriptor import SpectralDescriptor


class Noisiness(SpectralDescriptor):
    """Spectral flatness in dB: geometric over arithmetic mean of the power spectrum (Peeters et al. 2011).

    0 dB is white noise; the purer the tone, the lower. Each frame is floored 80 dB below its own mean power, so that
    empty bins do not decide.
    """

    unit = "dB"
    summary = "spectral flatness"
    default_span = (-60.0, 0.0)

    def of(self, power: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) flatness in dB, -80 to 0; 0 for silence."""
        mean = power.mean(-1, keepdim=True) + 1e-14
        log_geometric = torch.log(power + (1e-14 + 1e-8 * mean)).mean(-1)
        return (10.0 / math.log(10.0)) * (log_geometric - torch.log(mean)[..., 0])
