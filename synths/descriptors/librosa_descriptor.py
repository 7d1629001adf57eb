"""What the descriptors that librosa defines have in common."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.descriptor import SpectralDescriptor

FLOOR = {torch.float32: 2.0**-42, torch.float64: 2.0**-340}
"""Magnitude that counts as nothing: the cube root of the smallest number, so that products of slopes stay finite."""


class LibrosaDescriptor(SpectralDescriptor):
    """A spectral descriptor as librosa 0.11 defines it, pooled over librosa's frames, silent ones included.

    `librosa_unit` is 1 on librosa's scale of power, that of a plain Hann window, in the units of `Spectrum`.
    """

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.librosa_unit = 4.0 / (3.0 / 8.0 * self.spectrum.n_fft**2)

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, any N -> (B,) mean over all of librosa's frames."""
        return self.of(self.librosa_power(audio), f0_hz).mean(-1).to(audio.dtype)

    def librosa_power(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, 1 + N / hop, bins) power in the units of `Spectrum`, hop = n_fft / 4, float64 as librosa.

        Frames are centred; beyond the ends there is silence.
        """
        n_fft = self.spectrum.n_fft
        window = torch.hann_window(n_fft, dtype=torch.float64, device=audio.device)
        frames = torch.stft(
            audio.double(), n_fft, n_fft // 4, window=window, center=True, pad_mode="constant", return_complex=True
        )
        return self.librosa_unit * torch.view_as_real(frames.mT).square().sum(-1)


def magnitude(power: Tensor) -> Tensor:
    """Power -> magnitude; silence has none, and no gradient."""
    floor = FLOOR[power.dtype]
    return (power + floor**2).sqrt() - floor


def share(weight: Tensor) -> Tensor:
    """(..., bins) -> parts of their sum; nothing of silence."""
    return weight / (weight.sum(-1, keepdim=True) + FLOOR[weight.dtype])
