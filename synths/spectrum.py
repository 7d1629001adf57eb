"""Short-time spectra, one per control frame."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.clip import ClipFormat


class Spectrum(nn.Module):
    """Power spectrum at every control frame, in units of a full-scale sine.

    A sine of amplitude 1 has a total power of 1 whatever the window, so that levels mean the same at every rate.
    Frame t is centred on sample t * hop; beyond the ends there is silence.

    Args:
        clip: format of the run
        window_s: shortest window; rounded up to a power of two samples
    """

    window: Tensor
    frequency_hz: Tensor

    def __init__(self, clip: ClipFormat, window_s: float = 0.04) -> None:
        super().__init__()
        self.hop = clip.hop
        self.n_fft = 1 << (round(window_s * clip.sample_rate) - 1).bit_length()
        window = torch.hann_window(self.n_fft)
        # Parseval: one-sided sum of |X|^2 of a unit sine is n_fft * sum(window^2) / 4
        window = window * (4.0 / (self.n_fft * window.square().sum())).sqrt()
        self.register_buffer("window", window, persistent=False)
        frequency_hz = torch.fft.rfftfreq(self.n_fft, 1.0 / clip.sample_rate)
        self.register_buffer("frequency_hz", frequency_hz, persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F, n_fft / 2 + 1) power, F = N / hop."""
        n_frames = audio.shape[-1] // self.hop
        padded = F.pad(audio, (self.n_fft // 2, self.n_fft // 2))
        frames = padded.unfold(-1, self.n_fft, self.hop)[:, :n_frames]
        spectrum = torch.fft.rfft(frames * self.window)
        return spectrum.real.square() + spectrum.imag.square()
