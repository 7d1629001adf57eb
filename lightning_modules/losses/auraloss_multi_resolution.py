"""The reconstruction loss by auraloss, for comparison with the literature and as the oracle of our own."""

import torch
from auraloss.freq import STFTLoss
from torch import Tensor, nn

from lightning_modules.losses.multi_resolution import window_sizes
from synths import ClipFormat


class AuralossMultiResolution(nn.Module):
    """What `MultiResolution` computes, by auraloss (Steinmetz & Reiss 2020) and autograd: slower, in more memory.

    The target may require a gradient here.

    Args:
        clip: format of the run
        windows_s: window lengths; each is rounded down to a power of two samples, with 75 % overlap
        linear: weight of the linear magnitudes
        logarithmic: weight of the log magnitudes
    """

    def __init__(
        self,
        clip: ClipFormat,
        windows_s: tuple[float, ...] = (0.128, 0.064, 0.032, 0.016),
        linear: float = 1.0,
        logarithmic: float = 1.0,
    ) -> None:
        super().__init__()
        self.sizes = window_sizes(clip, windows_s)
        self.distances = nn.ModuleList(
            _MagnitudeLoss(size, size // 4, size, w_sc=0.0, w_lin_mag=linear, w_log_mag=logarithmic)
            for size in self.sizes
        )

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """(B, N) output and target audio -> scalar, the mean over resolutions."""
        return torch.stack([distance(output[:, None], target[:, None]) for distance in self.distances]).mean()


class _MagnitudeLoss(STFTLoss):
    """auraloss's loss without the phases, whose computation costs as much as all the rest."""

    def stft(self, x: Tensor) -> tuple[Tensor, None]:
        """(B, N) audio -> (B, bins, frames) magnitudes."""
        spectrum = torch.stft(x, self.fft_size, self.hop_size, self.win_length, self.window, return_complex=True)
        return (spectrum.real**2 + spectrum.imag**2).clamp_min(self.eps).sqrt(), None
