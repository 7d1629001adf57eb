"""The reconstruction loss: spectra at several resolutions."""

import torch
from auraloss.freq import STFTLoss
from torch import Tensor, nn

from synths import ClipFormat


class MultiResolution(nn.Module):
    """Distance of STFT magnitudes, linear and logarithmic, at several window lengths (Engel et al. 2020, eq. 6).

    Blind to phase: a synth that renders the right spectrum is not asked for the recording's phases.

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
        sizes = [1 << round(window_s * clip.sample_rate).bit_length() - 1 for window_s in windows_s]
        if min(sizes, default=0) < 16 or max(sizes) > clip.n_samples:
            raise ValueError(
                f"windows_s {windows_s} do not fit clips of {clip.duration_s:.3g} s: choose 0.001 s to that."
            )
        self.distances = nn.ModuleList(
            _MagnitudeLoss(size, size // 4, size, w_sc=0.0, w_lin_mag=linear, w_log_mag=logarithmic) for size in sizes
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
