"""The noise layer: white noise through a filter that changes every frame."""

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from synths.clip import ClipFormat
from synths.part import Part
from synths.signal import exp_sigmoid, overlap_add


class FilteredNoise(Part):
    """Noise shaped by M frequency-sampled magnitudes per frame (Engel et al. 2020, section 3.4).

    Band magnitudes -> zero-phase impulse response -> Hann window -> spectrum is linear, so it is one fixed real
    matrix; each frame of noise is filtered by it and overlap-added.

    Args:
        clip: format of the run
        n_bands: M, evenly spaced from 0 Hz to Nyquist; by default one every 125 Hz
    """

    response: Tensor

    def __init__(self, clip: ClipFormat, n_bands: int | None = None) -> None:
        super().__init__()
        self.clip = clip
        self.n_bands = round(clip.nyquist_hz / 125.0) + 1 if n_bands is None else n_bands
        if self.n_bands < 2:
            raise ValueError(f"n_bands is {self.n_bands}: a filter needs at least 2.")
        self.sizes = {"noise_bands": self.n_bands}
        self.half_length = self.n_bands - 1
        n_segments = math.ceil(next_fast_len(clip.hop + 2 * self.half_length) / clip.hop)
        self.n_fft = clip.hop * n_segments
        self.register_buffer("response", _response_matrix(self.n_bands, self.n_fft), persistent=False)

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """Raw (B, F, M) bands -> (B, N) audio; fresh uniform noise in -1..1 at every call."""
        # -5: a network that knows nothing starts near silence instead of near full noise
        magnitudes = exp_sigmoid(parameters["noise_bands"] - 5.0)
        noise = 2.0 * torch.rand(*f0_hz.shape, self.clip.hop, device=magnitudes.device, dtype=magnitudes.dtype) - 1.0
        return self.filter(noise, magnitudes)

    def filter(self, noise: Tensor, magnitudes: Tensor) -> Tensor:
        """Filter (B, F, hop) noise by (B, F, M) magnitudes: (B, F * hop) audio, without delay."""
        n_samples = noise.shape[1] * self.clip.hop
        # The zero-phase response reaches half_length to both sides: start each frame that far into its buffer.
        before = torch.nn.functional.pad(noise, (self.half_length, 0))
        spectrum = torch.fft.rfft(before, self.n_fft) * (magnitudes @ self.response)
        summed = overlap_add(torch.fft.irfft(spectrum, self.n_fft), self.clip.hop)
        return summed[:, self.half_length : self.half_length + n_samples]


def _response_matrix(n_bands: int, n_fft: int) -> Tensor:
    """(M, n_fft / 2 + 1): magnitudes at M even frequencies -> real spectrum of their windowed zero-phase filter."""
    length = 2 * (n_bands - 1)
    impulse = torch.fft.irfft(torch.eye(n_bands, dtype=torch.float64), length)
    window = torch.hann_window(length, dtype=torch.float64).roll(length // 2)
    impulse = (impulse * window).roll(length // 2, dims=-1)
    centred = torch.nn.functional.pad(impulse, (0, n_fft - length)).roll(-(length // 2), dims=-1)
    return torch.fft.rfft(centred).real.float()
