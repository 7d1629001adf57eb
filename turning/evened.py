"""Fast fluctuation made less in a recording, region by region of hearing: what makes it rough.

Demodulating its partials does not: their own amplitudes are steady, and what is rough is how neighbours beat within one
channel of the ear. So each region is made softer and louder against its own fluctuation.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from turning.noise_bands import noise_bands
from turning.recording import Recording

SLOW_HZ, FAST_HZ = 15.0, 1000.0
"""What fluctuates between is rough: slower is tremolo, faster is not heard as fluctuation."""
MOST_GAIN = 4.0
"""Factor; where a region all but vanishes for a moment it is not filled with noise."""
NOTHING = 1e-9


def evened(recording: Recording, audio: Tensor, share: float) -> Tensor:
    """(N,) what is to be added to a channel of a recording, for its regions to fluctuate less.

    Args:
        recording: whose regions tell the gains
        audio: (N,) the channel
        share: 0 (nothing) to 1 (nearly all that there is)
    """
    rate = recording.clip.sample_rate
    envelope = _envelope(noise_bands(recording.audio, rate))
    slow, fast = (_smoothed(envelope, 2.0 * rate / limit_hz) for limit_hz in (SLOW_HZ, FAST_HZ))
    gains = (slow / fast.clamp_min(NOTHING)).clamp(1.0 / MOST_GAIN, MOST_GAIN) ** share
    return ((gains - 1.0) * noise_bands(audio, rate)).sum(0)


def _envelope(bands: Tensor) -> Tensor:
    """(M, N) -> (M, N) magnitudes of the analytic signals."""
    spectrum = torch.fft.fft(bands)
    half = (bands.shape[-1] + 1) // 2
    spectrum[:, 1:half] *= 2.0
    spectrum[:, half + (bands.shape[-1] + 1) % 2 :] = 0.0
    return torch.fft.ifft(spectrum).abs()


def _smoothed(values: Tensor, width: float) -> Tensor:
    """(M, N) -> (M, N) means under a Hann window of so many samples, the ends held; each of a few hundredths of it."""
    step = max(1, int(width / 64))  # a long window is laid over means of short stretches
    n_samples = values.shape[-1]
    coarse = F.avg_pool1d(F.pad(values, (0, -n_samples % step), mode="replicate"), step) if step > 1 else values
    reach = max(1, round(width / step / 2))
    window = torch.hann_window(2 * reach + 3, periodic=False)[1:-1].to(values)
    padded = F.pad(coarse, (reach, reach), mode="replicate")
    smooth = F.conv1d(padded[:, None], (window / window.sum())[None, None])
    if step == 1:
        return smooth[:, 0]
    return F.interpolate(smooth, size=coarse.shape[-1] * step, mode="linear", align_corners=False)[:, 0, :n_samples]
