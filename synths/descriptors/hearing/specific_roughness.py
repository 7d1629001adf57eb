"""Where on the Bark scale a sound is rough, and how much."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.descriptors.hearing.channel_envelopes import EnvelopeSpectra
from synths.descriptors.hearing.channel_gain import N_CHANNELS, ChannelGain, hz_to_bark

# From the outer to the inner ear, (Bark, dB) (Zwicker & Fastl 1990, figure 8.18)
_TRANSMISSION = (
    (0, 10, 12, 13, 14, 15, 16, 16.5, 17, 18, 18.5, 19, 20, 21, 21.5, 22, 22.5, 23, 23.5, 24, 25, 26),
    (
        *(0, 0, 1.15, 2.31, 3.85, 5.62, 6.92, 7.38, 6.92, 4.23, 2.31, 0, -1.43, -2.59, -3.57, -5.19, -7.41, -11.3),
        *(-20, -40, -130, -999),
    ),
)
# What a channel at 0, 1, ... 24 Bark adds (Aures)
_CHANNEL_WEIGHT = (
    *(0.15, 0.26, 0.38, 0.47, 0.54, 0.65, 0.76, 0.83, 0.90, 0.98, 0.98, 0.90, 0.80),
    *(0.70, 0.62, 0.54, 0.49, 0.43, 0.39, 0.35, 0.30, 0.30, 0.30, 0.30, 0.30),
)
# Up to which channel, up to which modulation: weights of modulations, (Hz, weight) (Daniel & Weber 1997, figure 2)
_MODULATION_WEIGHT = (
    (
        *(4, 358),
        (0, 17, 23, 25, 32, 37, 48, 67, 90, 114, 171, 206, 247, 294, 358),
        (0, 0.8, 0.95, 0.975, 1, 0.975, 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0),
    ),
    (
        *(15, 502),
        (0, 32, 43, 56, 69, 92, 120, 142, 165, 231, 277, 331, 397, 502),
        (0, 0.8, 0.95, 1, 0.975, 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0),
    ),
    (
        *(20, 502),
        (0, 23.5, 34, 47, 56, 63, 79, 100, 115, 135, 159, 172, 194, 215, 244, 290, 348, 415, 500, 645),
        (0, 0.4, 0.6, 0.8, 0.9, 0.95, 1, 0.975, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0),
    ),
    (
        *(41, 502),
        (0, 19, 44, 52.5, 58, 75, 101.5, 114.5, 132.5, 143.5, 165.5, 197.5, 241, 290, 348, 415, 500, 645),
        (0, 0.4, 0.8, 0.9, 0.95, 1, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0),
    ),
    (
        *(47, 502),
        (0, 15, 41, 49, 53, 64, 71, 88, 94, 106, 115, 137, 180, 238, 290, 348, 415, 500, 645),
        (0, 0.4, 0.8, 0.9, 0.965, 0.99, 1, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0),
    ),
)
_LEAST_DEPTH = 1e-5  # modulation that could as well be rounding, and correlates with nothing


class SpecificRoughness(nn.Module):
    """Roughness in each of 47 channels, the model of Daniel & Weber (1997) as MoSQITo 1.2.1 computes it.

    The band-passed envelope of a channel has a modulation depth m; k is its correlation with that one Bark higher.
    Rough is what fluctuates deeply and together: 0.25 g (m k k')^2, k' the correlation one Bark lower.

    MoSQITo labels the bins of its spectrum one too high, 5 Hz; that is kept, so that its values can be compared.

    Args:
        sample_rate: in Hz
        full_scale_db_spl: level of a signal whose rms is 1
    """

    window: Tensor
    transmission: Tensor
    modulation_weight: Tensor
    channel_weight: Tensor

    def __init__(self, sample_rate: int, full_scale_db_spl: float = 100.0) -> None:
        from scipy.signal.windows import blackman  # it takes most of a second to load, and few sounds need it

        super().__init__()
        self.n_samples = 2 * (sample_rate // 10)
        bin_hz = sample_rate / self.n_samples
        labelled_hz = bin_hz * np.arange(1, self.n_samples // 2 + 1)
        self.gain = ChannelGain(labelled_hz)
        window = blackman(self.n_samples)
        transmission_db = np.interp(hz_to_bark(labelled_hz), *_TRANSMISSION)
        pressure = 1.42 * 10.0 ** (full_scale_db_spl / 20.0)  # of a tone, in units of 20 micropascal
        constants = {
            "window": pressure * window / window.sum(),
            "transmission": 10.0 ** (transmission_db / 20.0),
            "modulation_weight": _modulation_weight(bin_hz),
            "channel_weight": np.interp(np.arange(1, N_CHANNELS + 1) / 2, np.arange(25), _CHANNEL_WEIGHT),
        }
        for name, values in constants.items():
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """(F, n) frames of 200 ms -> (F, 47) asper per channel."""
        spectrum = torch.fft.rfft(frames * self.window)[:, : self.n_samples // 2] * self.transmission
        n_modulations = self.modulation_weight.shape[-1]
        envelopes = EnvelopeSpectra.apply(spectrum, self.gain, self.n_samples, n_modulations)
        return self.of(envelopes)

    def of(self, envelopes: Tensor) -> Tensor:
        """(F, 47, K) lowest bins of the spectra of the channels' envelopes -> (F, 47) asper."""
        mean = envelopes[..., :1].real + 1e-4 * self.n_samples
        modulation = torch.view_as_real(envelopes / mean * self.modulation_weight).flatten(-2)
        power = modulation.square().sum(-1)
        shared = (modulation[:, :-2] * modulation[:, 2:]).sum(-1)
        certain = power + _LEAST_DEPTH**2 / 2.0
        correlation_squared = shared.square() / (certain[:, :-2] * certain[:, 2:])
        higher, lower = (F.pad(correlation_squared, ends, value=1.0) for ends in ((0, 2), (2, 0)))
        depth_squared = (2.0 * power).clamp_max(1.0)
        return 0.25 * self.channel_weight * depth_squared * higher * lower


def _modulation_weight(bin_hz: float) -> np.ndarray:
    """(47, K) weight of each bin of an envelope's spectrum; what is slower than two bins does not count."""
    highest = max(int(limit_hz / bin_hz) for _, limit_hz, _, _ in _MODULATION_WEIGHT)
    weight = np.zeros((N_CHANNELS, highest))
    first = 0
    for last, limit_hz, hz, values in _MODULATION_WEIGHT:
        bins = np.arange(2, int(limit_hz / bin_hz))
        weight[first:last, bins] = np.interp(bins * bin_hz, hz, values)
        first = last
    return weight
