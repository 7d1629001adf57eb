"""How close the magnitude spectra are, whatever the phases."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from evaluation.resynthesis.frames import WHERE_IT_SOUNDS, Sounding, mean_where
from evaluation.resynthesis.pair import Pair
from evaluation.resynthesis.waveform import CAP_DB
from studies.figure import Better
from synths.clip import ClipFormat

WINDOW_S = 0.040
"""Shortest window that resolves the partials of a low note; rounded up to 1024 samples at 16 kHz."""

FLOOR_DB = -80.0
"""Bins of the log-spectral distance are floored here, relative to the target's strongest."""

LEAST_MAGNITUDE = 1e-4
"""Floor of the magnitudes in the multi-resolution distance, as in auraloss."""


class MagnitudeSNR:
    """Signal-to-noise ratio of short-time magnitude spectra in dB: the SNR that forgives phases."""

    name: ClassVar[str] = "magnitude_snr"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "higher"
    definition: ClassVar[str] = (
        "Power of the target's short-time spectra over the power of the difference of the magnitudes (window of 1024 "
        f"samples at 16 kHz, hop a quarter of it) {WHERE_IT_SOUNDS}: what waveform SNR would say if phases did not "
        "matter."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._n_fft = _window_size(clip.sample_rate)
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB within +-100, NaN where the target is silent."""
        audio, resynthesis = self._sounding.surrounded(pair)
        target, output = _magnitudes(audio, self._n_fft), _magnitudes(resynthesis, self._n_fft)
        counts = self._sounding.windows(audio, self._n_fft // 4)
        ratio = mean_where(counts, target.square().sum(-1)) / mean_where(counts, (target - output).square().sum(-1))
        return (10 * ratio.log10()).clamp(-CAP_DB, CAP_DB)


class MultiResolutionSTFT:
    """Distance of magnitude spectra at six resolutions (Engel et al., 2020), as auraloss measures it."""

    name: ClassVar[str] = "multi_resolution_stft"
    unit: ClassVar[str] = "distance"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference of magnitudes plus that of their natural logarithms, averaged over windows of 64 to "
        f"2048 samples at 16 kHz with hops of a quarter window (bins floored at 1e-4), {WHERE_IT_SOUNDS}."
    )

    def __init__(self, clip: ClipFormat) -> None:
        longest = 2 * _window_size(clip.sample_rate)
        self._sizes = [longest // 2**halvings for halvings in range(6)]
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,), NaN where the target is silent."""
        audio, resynthesis = self._sounding.surrounded(pair)
        return torch.stack([self._distance(audio, resynthesis, size) for size in self._sizes]).mean(0)

    def _distance(self, audio: Tensor, resynthesis: Tensor, size: int) -> Tensor:
        """Two (B, N) sounds -> (B,) distance at one window."""
        target, output = (_magnitudes(each, size).clamp_min(LEAST_MAGNITUDE) for each in (audio, resynthesis))
        apart = (output - target).abs() + (output / target).log().abs()
        return mean_where(self._sounding.windows(audio, size // 4), apart.mean(-1))


class LogSpectralDistance:
    """Log-spectral distance in dB."""

    name: ClassVar[str] = "log_spectral_distance"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Root mean square over frequency of the difference of the spectra in dB, averaged over frames (window of 1024 "
        "samples at 16 kHz, hop a quarter of it; both spectra floored 80 dB below the target's strongest bin) "
        f"{WHERE_IT_SOUNDS}."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._n_fft = _window_size(clip.sample_rate)
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB, NaN where the target is silent."""
        audio, resynthesis = self._sounding.surrounded(pair)
        target, output = _magnitudes(audio, self._n_fft), _magnitudes(resynthesis, self._n_fft)
        floor = (target.amax(dim=(-2, -1), keepdim=True) * 10 ** (FLOOR_DB / 20)).clamp(
            min=torch.finfo(target.dtype).tiny
        )
        difference_db = 20 * (target.maximum(floor) / output.maximum(floor)).log10()
        distance_db = difference_db.square().mean(dim=-1).sqrt()
        return mean_where(self._sounding.windows(audio, self._n_fft // 4), distance_db)


def _window_size(sample_rate: int) -> int:
    """Samples in the analysis window: the next power of two that lasts at least WINDOW_S."""
    return 2 ** math.ceil(math.log2(WINDOW_S * sample_rate))


def _magnitudes(audio: Tensor, n_fft: int) -> Tensor:
    """(B, N) audio -> (B, frames, n_fft / 2 + 1) magnitudes, hop a quarter window, silence beyond the ends."""
    window = torch.hann_window(n_fft, dtype=audio.dtype, device=audio.device)
    spectrum = torch.stft(audio, n_fft, n_fft // 4, window=window, pad_mode="constant", return_complex=True)
    return spectrum.abs().mT
