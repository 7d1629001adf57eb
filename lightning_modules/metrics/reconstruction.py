"""Errors of what a listener would name: pitch, loudness, brightness, noisiness, and when the note happens."""

from typing import ClassVar

import torch
from torch import Tensor

from lightning_modules.metrics.frames import is_silent, mean_where, within_db
from lightning_modules.metrics.pair import Better, Pair
from synths.clip import ClipFormat
from synths.descriptors import Level, TemporalCentroid
from synths.spectrum import Spectrum

CONFIDENT = 0.5
"""A pitch counts where the tracker is at least this sure of it."""

LOUDNESS_RANGE_DB = 60.0
LOUDNESS_GATE_DB = -70.0

SPECTRUM_RANGE_DB = 40.0
"""Centroid and flatness of frames further below the loudest describe the room, not the note."""


class F0L1:
    """Mean absolute pitch error in semitones."""

    name: ClassVar[str] = "f0_l1"
    unit: ClassVar[str] = "semitones"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in pitch, 12 log2 of the ratio, heard on both sides by another tracker than the one "
        "that told the model the pitch (second_tracker in the facts: SwiftF0 where it is installed, else librosa's "
        "YIN), over frames where its confidence is at least 0.5 on both sides (where there is none, over frames where "
        "it is on the target's side) and the pitch lies in its range."
    )

    def __init__(self, clip: ClipFormat) -> None:
        """Needs nothing of the clip format: pitch comes on its frames already."""

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) semitones, NaN where the target has no confident frame."""
        target_sure = pair.target_confidence >= CONFIDENT
        both_sure = target_sure & (pair.output_confidence >= CONFIDENT)
        # A resynthesis that has no pitch at all must not escape: then the tracker's guesses are what it is judged by.
        counts = torch.where(both_sure.any(dim=-1, keepdim=True), both_sure, target_sure)
        return mean_where(counts, _semitones_apart(pair.target_f0_hz, pair.output_f0_hz))


class LoudnessL1:
    """Mean absolute loudness error in dB."""

    name: ClassVar[str] = "loudness_l1"
    unit: ClassVar[str] = "dB"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in A-weighted loudness over frames where the target is within 60 dB of its loudest "
        "and above -70 dB (0 dB: a full-scale 1 kHz sine); both sides are floored at -80 dB, so that silence counts."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._level = Level(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) dB, NaN where the target is silent."""
        level = self._level.to(pair.target.device)
        target_db = level.measure(pair.target, pair.target_f0_hz)
        output_db = level.measure(pair.output, pair.output_f0_hz)
        loudest_db = target_db.amax(dim=-1, keepdim=True)
        counts = (target_db > LOUDNESS_GATE_DB) & (target_db >= loudest_db - LOUDNESS_RANGE_DB)
        return mean_where(counts, (target_db - output_db).abs())


class CentroidL1:
    """Mean absolute error of the spectral centroid in semitones."""

    name: ClassVar[str] = "centroid_l1"
    unit: ClassVar[str] = "semitones"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in spectral centroid (of the magnitude spectrum), 12 log2 of the ratio, over frames "
        "where the target is within 40 dB of its loudest and the resynthesis is not silent."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._spectrum = Spectrum(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) semitones, NaN where target or output is silent."""
        spectrum = self._spectrum.to(pair.target.device)
        target, output = spectrum(pair.target), spectrum(pair.output)
        apart = _semitones_apart(
            _centroid_hz(target, spectrum.frequency_hz), _centroid_hz(output, spectrum.frequency_hz)
        )
        return mean_where(_frames_with_spectrum(target, output), apart)


class FlatnessL1:
    """Mean absolute error of the spectral flatness."""

    name: ClassVar[str] = "flatness_l1"
    unit: ClassVar[str] = "ratio"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Mean absolute difference in spectral flatness, the geometric over the arithmetic mean of the power spectrum "
        "(0 a sine, 1 flat; bins floored 80 dB below the frame's mean), over frames where the target is within "
        "40 dB of its loudest and the resynthesis is not silent."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._spectrum = Spectrum(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) in 0..1, NaN where target or output is silent."""
        spectrum = self._spectrum.to(pair.target.device)
        target, output = spectrum(pair.target), spectrum(pair.output)
        return mean_where(_frames_with_spectrum(target, output), (_flatness(target) - _flatness(output)).abs())


class TemporalCentroidL1:
    """Absolute error of the moment around which a note's energy lies."""

    name: ClassVar[str] = "temporal_centroid_l1"
    unit: ClassVar[str] = "s"
    better: ClassVar[Better] = "lower"
    definition: ClassVar[str] = (
        "Absolute difference in temporal centroid, the moment around which a note's energy lies: late for a swell, "
        "early for a pluck."
    )

    def __init__(self, clip: ClipFormat) -> None:
        self._temporal_centroid = TemporalCentroid(clip)

    def __call__(self, pair: Pair) -> Tensor:
        """Pair of B notes -> (B,) seconds, NaN where target or output is silent."""
        temporal_centroid = self._temporal_centroid.to(pair.target.device)
        target_s = temporal_centroid.measure(pair.target, pair.target_f0_hz)[:, 0]
        apart_s = (target_s - temporal_centroid.measure(pair.output, pair.output_f0_hz)[:, 0]).abs()
        return apart_s.masked_fill(is_silent(pair.target) | is_silent(pair.output), torch.nan)


def _frames_with_spectrum(target: Tensor, output: Tensor) -> Tensor:
    """(B, F, bins) powers -> (B, F), true where the target is near its loudest and the output is not silent."""
    return within_db(target.sum(dim=-1), SPECTRUM_RANGE_DB) & within_db(output.sum(dim=-1), torch.inf)


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
