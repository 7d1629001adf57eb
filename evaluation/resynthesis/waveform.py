"""How close the waveforms are, sample by sample: a test of phases as much as of sound."""

from typing import ClassVar

import torch
from torch import Tensor
from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio, signal_noise_ratio

from evaluation.resynthesis.frames import WHERE_IT_SOUNDS, Sounding
from evaluation.resynthesis.pair import Pair
from studies.figure import Better
from synths.clip import ClipFormat

CAP_DB = 100.0
"""Identical waveforms would be infinitely alike: a number that can be averaged stands in for infinity."""


class SNR:
    """Waveform signal-to-noise ratio in dB."""

    name: ClassVar[str] = "snr"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "higher"
    definition: ClassVar[str] = (
        f"Power of the target over the power of the difference of the waveforms, {WHERE_IT_SOUNDS}; "
        "a synth that does not reproduce the "
        "target's phases scores around or below 0 dB however alike the two sound, since partials that drift out of "
        "phase add to the difference instead of cancelling: compare magnitude_snr."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB within +-100, NaN where the target is silent."""
        # torchmetrics adds a constant to both powers; at unit power that constant no longer bends quiet notes.
        target, output = self._sounding.surrounded(pair)
        sounds = self._sounding.samples(target)
        target, output = target * sounds, output * sounds
        rms = _rms(target)
        snr_db = signal_noise_ratio(output / rms, target / rms)
        return snr_db.clamp(-CAP_DB, CAP_DB).masked_fill(~sounds.any(-1), torch.nan)


class SISDR:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., 2019)."""

    name: ClassVar[str] = "si_sdr"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "higher"
    definition: ClassVar[str] = (
        f"Waveform signal-to-distortion ratio after the best common gain, {WHERE_IT_SOUNDS}; a synth that does not "
        "reproduce the target's "
        "phases is nearly uncorrelated with it and scores well below 0 dB however alike the two sound: compare "
        "magnitude_snr."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB within +-100, NaN where target or output is silent."""
        target, output = self._sounding.surrounded(pair)
        sounds = self._sounding.samples(target)
        target, output = target * sounds, output * sounds
        undefined = ~sounds.any(-1) | ~self._sounding.frames(output).any(-1)
        si_sdr_db = scale_invariant_signal_distortion_ratio(output / _rms(output), target / _rms(target))
        return si_sdr_db.clamp(-CAP_DB, CAP_DB).masked_fill(undefined, torch.nan)


def _rms(audio: Tensor) -> Tensor:
    """(B, N) audio -> (B, 1) root mean square, never 0."""
    return audio.square().mean(dim=-1, keepdim=True).sqrt().clamp(min=torch.finfo(audio.dtype).tiny)
