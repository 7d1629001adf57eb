"""Third-octave levels of short frames, as the AudioCommons models filter them."""

import numpy as np
import torch
from torch import Tensor, nn

N_OCTAVES = 8


class ThirdOctaveBank(nn.Module):
    """Power of frames in the third octaves from 25 Hz to 12.5 kHz, each frame filtered from rest.

    Butterworth band-passes of eighth order. Those from 6.3 kHz stand at the sound's own rate; each octave below halves
    the rate behind a mild Chebyshev filter, whose aliases are part of the model, and filters with the same three.

    Args:
        sample_rate: of the frames, 44100 Hz or more
        length: samples per frame, a multiple of 256
    """

    top: Tensor
    octave: Tensor
    halving: Tensor

    def __init__(self, sample_rate: int, length: int) -> None:
        from scipy.signal import cheby1  # scipy.signal takes most of a second to load, and few sounds need it

        super().__init__()
        bands = [_band_pass(1000.0 * 2.0 ** (step / 3.0), sample_rate) for step in (8, 9, 10, 11)]
        halving = cheby1(2, 0.1, 0.4, output="sos")
        self.register_buffer("top", _impulses(bands, length), persistent=False)
        self.register_buffer("octave", _impulses(bands[:3], length // 2), persistent=False)
        self.register_buffer("halving", _impulses([halving], length), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """(..., length) frames -> (..., 28) mean square in each band, the lowest first."""
        octaves = [_power(_filtered(frames, self.top))]
        for _ in range(N_OCTAVES):
            frames = _filtered(frames, self.halving)[..., 0, 1::2]
            octaves.append(_power(_filtered(frames, self.octave)))
        return torch.cat(octaves[::-1], -1)


def _band_pass(centre_hz: float, sample_rate: int) -> np.ndarray:
    from scipy.signal import butter

    edge = 2.0 ** (1.0 / 6.0)
    return butter(4, [centre_hz / edge, centre_hz * edge], "bandpass", fs=sample_rate, output="sos")


def _impulses(sections: list[np.ndarray], length: int) -> Tensor:
    """Impulse responses of filters, (filters, length)."""
    from scipy.signal import sosfilt

    impulse = np.zeros(length)
    impulse[0] = 1.0
    return torch.from_numpy(np.stack([sosfilt(each, impulse) for each in sections])).float()


def _filtered(frames: Tensor, impulses: Tensor) -> Tensor:
    """(..., L) frames, (filters, L or more) -> (..., filters, L): no further than the frame's end."""
    length = frames.shape[-1]
    response = torch.fft.rfft(impulses[:, :length].to(frames), 2 * length)
    return torch.fft.irfft(torch.fft.rfft(frames, 2 * length)[..., None, :] * response, 2 * length)[..., :length]


def _power(bands: Tensor) -> Tensor:
    return bands.square().mean(-1)
