"""The steep filters of the AudioCommons models: a second-order Butterworth filter, three times in a row."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor


def steep_impulse(kind: Literal["highpass", "lowpass"], cutoff_hz: float, sample_rate: int) -> Tensor:
    """Half a second of its impulse response, float64: enough for a cutoff from 20 Hz."""
    from scipy.signal import sosfilt  # scipy.signal takes most of a second to load, and few sounds need it

    impulse = np.zeros(sample_rate // 2)
    impulse[0] = 1.0
    return torch.from_numpy(sosfilt(_sections(kind, cutoff_hz, sample_rate), impulse))


def steep_power(
    kind: Literal["highpass", "lowpass"], cutoff_hz: float, sample_rate: int, frequency_hz: Tensor
) -> Tensor:
    """What share of the power it passes at each frequency, float64."""
    from scipy.signal import sosfreqz

    sections = _sections(kind, cutoff_hz, sample_rate)
    _, response = sosfreqz(sections, frequency_hz.double().numpy(), fs=sample_rate)
    return torch.from_numpy(np.abs(response) ** 2)


def _sections(kind: str, cutoff_hz: float, sample_rate: int) -> np.ndarray:
    from scipy.signal import butter

    return np.tile(butter(2, cutoff_hz, kind, fs=sample_rate, output="sos"), (3, 1))
