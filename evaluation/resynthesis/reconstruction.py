"""Errors of what a listener would name: pitch, loudness, brightness, noisiness, and when the note happens."""

from typing import ClassVar

import torch
from torch import Tensor

from evaluation.resynthesis.frames import WHERE_IT_SOUNDS, Sounding, mean_where, mean_where_heard
from evaluation.resynthesis.pair import CONFIDENT, Pair
from studies.figure import Better
from synths.clip import ClipFormat
from synths.descriptors import TemporalCentroid
from synths.spectrum import Spectrum

SILENCE = 1e-8
"""Power of a frame, a full-scale sine being 1, below which it has no spectrum to speak of."""


class F0L1:
    """Mean absolute pitch error in semitones."""

    name: ClassVar[str] = "f0_l1"
    unit: ClassVar[str] = "semitones"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in pitch, 12 log2 of the ratio, heard on both sides by another tracker than the one "
        "that told the model the pitch (second_tracker in the facts: SwiftF0 where it is installed, else librosa's "
        "YIN), over frames where its confidence is at least 0.5 on both sides (where there is none, over frames where "
        "it is on the target's side) and the pitch lies in its range; where no pitch is heard in the output at all, an "
        "octave."
    )

    def __init__(self, clip: ClipFormat) -> None:
        """Needs nothing of the clip format: pitch comes on its frames already."""

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) semitones, NaN where the target has no confident frame."""
        target_sure = pair.target_confidence >= CONFIDENT
        both_sure = target_sure & (pair.output_confidence >= CONFIDENT)
        # A resynthesis that has no pitch at all must not escape: then the tracker's guesses are what it is judged by.
        counts = torch.where(both_sure.any(dim=-1, keepdim=True), both_sure, target_sure)
        apart = _semitones_apart(pair.target_f0_hz, pair.output_f0_hz)
        return mean_where(counts, torch.where(pair.output_confidence > 0.0, apart, 12.0))


class LoudnessL1:
    """Mean absolute loudness error in dB."""

    name: ClassVar[str] = "loudness_l1"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        f"Mean absolute difference in A-weighted level {WHERE_IT_SOUNDS}, 0 dB being a full-scale 1 kHz sine; both "
        "sides are floored at -80 dB, which is how far off silence is."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB, NaN where the target is silent."""
        target, output = self._sounding.surrounded(pair)
        apart_db = (self._sounding.level_db(target) - self._sounding.level_db(output)).abs()
        return mean_where(self._sounding.frames(target), apart_db)


class CentroidL1:
    """Mean absolute error of the spectral centroid in semitones."""

    name: ClassVar[str] = "centroid_l1"
    unit: ClassVar[str] = "semitones"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in spectral centroid (of the magnitude spectrum), 12 log2 of the ratio, "
        f"{WHERE_IT_SOUNDS}; none where the resynthesis is silent in more than a tenth of these frames."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._spectrum, self._sounding = Spectrum(clip), Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) semitones, NaN where target or output is silent."""
        spectrum = self._spectrum.to(pair.target.device)
        audio, resynthesis = self._sounding.surrounded(pair)
        target, output = spectrum(audio), spectrum(resynthesis)
        apart = _semitones_apart(
            _centroid_hz(target, spectrum.frequency_hz), _centroid_hz(output, spectrum.frequency_hz)
        )
        return mean_where_heard(self._sounding.frames(audio), _heard(output), apart)


class FlatnessL1:
    """Mean absolute error of the spectral flatness."""

    name: ClassVar[str] = "flatness_l1"
    unit: ClassVar[str] = "ratio"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in spectral flatness, the geometric over the arithmetic mean of the power spectrum "
        f"(0 a sine, 1 flat; bins floored 80 dB below the frame's mean), {WHERE_IT_SOUNDS}; none where the resynthesis "
        "is silent in more than a tenth of these frames."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._spectrum, self._sounding = Spectrum(clip), Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) in 0..1, NaN where target or output is silent."""
        spectrum = self._spectrum.to(pair.target.device)
        audio, resynthesis = self._sounding.surrounded(pair)
        target, output = spectrum(audio), spectrum(resynthesis)
        apart = (_flatness(target) - _flatness(output)).abs()
        return mean_where_heard(self._sounding.frames(audio), _heard(output), apart)


class TemporalCentroidL1:
    """Absolute error of the moment around which a note's energy lies."""

    name: ClassVar[str] = "temporal_centroid_l1"
    unit: ClassVar[str] = "s"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Absolute difference in temporal centroid, the moment around which a note's energy lies: late for a swell, "
        "early for a pluck; over the whole clip, since it says when the note sounds."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._temporal_centroid, self._sounding = TemporalCentroid(clip), Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) seconds, NaN where target or output is silent."""
        measure = self._temporal_centroid.to(pair.target.device).measure
        target_s, output_s = (measure(audio, pair.target_f0_hz)[:, 0] for audio in (pair.target, pair.output))
        defined = self._sounding.frames(pair.target).any(-1) & self._sounding.frames(pair.output).any(-1)
        return (target_s - output_s).abs().masked_fill(~defined, torch.nan)


class StraySound:
    """How much the resynthesis sounds where the target does not."""

    name: ClassVar[str] = "stray_sound"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "A-weighted energy that the resynthesis has beyond the target's in the frames where the target does not sound, "
        "over the energy of the target where it does; -60 dB at least, for none. The other figures do not hear it."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._sounding = Sounding(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB, NaN where the target is silent throughout."""
        target, output = self._sounding.surrounded(pair)
        power, stray = (10 ** (self._sounding.level_db(audio) / 10) for audio in (target, output))
        sounds = self._sounding.frames(target)
        beyond = torch.where(sounds, 0.0, (stray - power).relu()).sum(-1)
        ratio = beyond / torch.where(sounds, power, 0.0).sum(-1)
        defined = sounds.any(-1) & pair.output.isfinite().all(-1)
        return (10 * ratio.clamp_min(1e-6).log10()).masked_fill(~defined, torch.nan)


def _heard(power: Tensor) -> Tensor:
    """(B, F, bins) power -> (B, F) whether a frame is more than silence."""
    return power.sum(dim=-1) > SILENCE


def _centroid_hz(power: Tensor, bins_hz: Tensor) -> Tensor:
    """(B, F, bins) powers -> (B, F) mean frequency of the magnitudes in Hz."""
    magnitude = power.sqrt()
    return (magnitude @ bins_hz) / magnitude.sum(dim=-1).clamp(min=torch.finfo(power.dtype).tiny)


def _flatness(power: Tensor) -> Tensor:
    """(B, F, bins) powers -> (B, F) geometric over arithmetic mean, each frame floored 80 dB below its mean."""
    mean = power.mean(dim=-1, keepdim=True) + 1e-14
    return ((power + 1e-8 * mean + 1e-14).log().mean(dim=-1) - mean[..., 0].log()).exp()


def _semitones_apart(one_hz: Tensor, other_hz: Tensor) -> Tensor:
    """Distance between two frequencies in semitones; a frequency of 0 Hz counts as 1 Hz."""
    return 12 * (one_hz.clamp(min=1.0) / other_hz.clamp(min=1.0)).log2().abs()
