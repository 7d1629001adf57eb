"""Pure signal functions shared by parts, effects and descriptors."""

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor


def hz_to_midi(f0_hz: Tensor) -> Tensor:
    """Frequency in Hz to MIDI note number (A4 = 440 Hz = 69); 0 Hz and below read as 1e-3 Hz."""
    return 12.0 * torch.log2(f0_hz.clamp_min(1e-3) / 440.0) + 69.0


def hz_to_erb_rate(frequency_hz: Tensor) -> Tensor:
    """Frequency in Hz to ERB-rate, the number of auditory filters below it (Glasberg & Moore 1990, eq. 4)."""
    return 21.4 * torch.log10(1.0 + 0.00437 * frequency_hz)


def exp_sigmoid(x: Tensor, maximum: float = 2.0, threshold: float = 1e-7) -> Tensor:
    """Raw network output to a positive amplitude, 0..maximum, with gradient over decades (DDSP, eq. 5)."""
    return maximum * torch.sigmoid(x) ** math.log(10.0) + threshold


def fft_convolve(audio: Tensor, impulse: Tensor) -> Tensor:
    """Convolve (B, N) audio with one (R,) impulse response; the first N samples of the result."""
    n_samples = audio.shape[-1]
    # A 5-smooth length costs half of the next power of two; the impulse is transformed once, not per clip.
    n_fft = next_fast_len(n_samples + impulse.shape[-1] - 1, real=True)
    spectrum = torch.fft.rfft(audio, n_fft) * torch.fft.rfft(impulse, n_fft)
    return torch.fft.irfft(spectrum, n_fft)[..., :n_samples]


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Sum (B, F, S * hop) frames, each starting one hop after the last, to (B, (F + S - 1) * hop)."""
    batch, n_frames, length = frames.shape
    n_segments = length // hop
    segments = frames.reshape(batch, n_frames, n_segments, hop)
    out = frames.new_zeros(batch, n_frames + n_segments - 1, hop)
    for s in range(n_segments):
        out[:, s : s + n_frames] += segments[:, :, s]
    return out.reshape(batch, -1)
