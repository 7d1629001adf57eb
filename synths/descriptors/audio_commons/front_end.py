"""What every AudioCommons model does to a sound first: one loudness, and a sample rate of at least 44.1 kHz."""

import math

import torch
import torch.nn.functional as F
import torchaudio.functional as audio_functional
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.signal import fft_convolve

LEAST_RATE = 44100


class Upsampled(nn.Module):
    """Sound at 44.1 kHz at least: the models' filters and windows are laid out for that rate.

    Args:
        clip: format of the run
    """

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.from_rate = clip.sample_rate
        self.sample_rate = max(LEAST_RATE, clip.sample_rate)

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, ceil(N * sample_rate / clip.sample_rate)), the same above 44.1 kHz."""
        # The settings of "kaiser_best", the reference's resampler.
        return audio_functional.resample(
            audio,
            self.from_rate,
            self.sample_rate,
            lowpass_filter_width=50,
            rolloff=0.917347,
            resampling_method="sinc_interp_kaiser",
            beta=12.9846,
        )


class LoudnessNormalised(nn.Module):
    """Sound at -24 LUFS (ITU-R BS.1770-4 annex 1), or at a peak of 1 where that is quieter.

    The absolute gate of -70 LUFS stands 60 dB below the loudest block instead: quiet sounds are measured like loud
    ones. Silence stays silence.

    Args:
        clip: format of the run
    """

    k_weighting: Tensor
    target_lufs = -24.0

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.step = round(0.1 * clip.sample_rate)
        self.register_buffer("k_weighting", _k_weighting(clip.sample_rate).float(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) -> (B, N)."""
        target = 10.0 ** ((self.target_lufs + 0.691) / 10.0)
        gain = (target / (self._gated_power(audio) + 1e-16)).sqrt()
        peak = gain * audio.abs().amax(-1)
        return audio * (gain / peak.clamp_min(1.0))[:, None]

    def _gated_power(self, audio: Tensor) -> Tensor:
        """(B, N) -> (B,) mean power of the blocks of 400 ms, one each 100 ms, that both gates let through."""
        block = 4 * self.step
        n_blocks = max(1, round((audio.shape[-1] - block) / self.step) + 1)
        weighted = fft_convolve(audio, self.k_weighting.to(audio)).square()
        # The last block may reach beyond the end.
        weighted = F.pad(weighted, (0, max(0, (n_blocks + 3) * self.step - weighted.shape[-1])))
        power = weighted.unfold(-1, block, self.step)[:, :n_blocks].mean(-1)
        with torch.no_grad():
            heard = power >= 1e-6 * power.amax(-1, keepdim=True)
            mean = (power * heard).sum(-1, keepdim=True) / heard.sum(-1, keepdim=True)
            heard &= power >= 0.1 * mean
        return (power * heard).sum(-1) / heard.sum(-1)


def _k_weighting(sample_rate: int) -> Tensor:
    """Impulse response of BS.1770's two filters, the ear's high-pass and the head's high shelf, a quarter second."""
    impulse = torch.zeros(sample_rate // 4, dtype=torch.float64)
    impulse[0] = 0.1  # the filters clip at 1
    shelved = audio_functional.treble_biquad(impulse, sample_rate, 4.0, 1500.0, 1 / math.sqrt(2))
    return 10.0 * audio_functional.highpass_biquad(shelved, sample_rate, 38.0, 0.5)
