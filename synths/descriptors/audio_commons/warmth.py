"""How warm."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.din_45631 import Din45631
from synths.descriptors.audio_commons.note_descriptor import NoteDescriptor, weighted_mean
from synths.descriptors.audio_commons.parabola import parabola
from synths.descriptors.audio_commons.spectrogram import spectrogram
from synths.descriptors.sound import HeardSound

CENTROID_WEIGHT, HIGH_WEIGHT, LOW_WEIGHT = -4.464258317026696, -0.08819320850778556, 0.29156539973575546
DECAY_WEIGHT, SHARE_WEIGHT, OFFSET = 17.274733561081554, 8.403340066029507, 45.21212125085579
TYPICAL_DECAY = 0.8
"""How straight spectra fall above the fundamental, as an R squared: most notes are within 0.1 of it."""
LOW_BELOW_HZ, HIGHEST_START_HZ = 260.0, 12000.0
N_FFT, HOP = 8192, 7168


class Warmth(NoteDescriptor):
    """Loudness from 1 to 4 Bark against that above 8, centroid, and share of power from the fundamental to 260 Hz.

    Pearce et al. 2019 (AudioCommons D5.8; timbral_models 0.4.1), on its own specific loudness (`Din45631`), with the
    given pitch for the lowest peak of the spectrum and one note for several onsets. How straight the spectrum falls, an
    R squared of 17 points, is measured by `pooled` only, without a gradient, and held at a typical value by `measure`:
    it is dominated by the noise floor, so that one sound at 44.1 and 16 kHz differs by up to 14 points. Silence is in
    the middle of the scale.
    """

    summary = "AudioCommons warmth"
    default_span = (20.0, 70.0)
    needs_pitch = True
    low: Tensor
    high: Tensor
    frequency_hz: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.specific_loudness = Din45631(self.upsampled.sample_rate)
        frequency_hz = torch.fft.rfftfreq(N_FFT, 1.0 / self.upsampled.sample_rate)
        self.register_buffer("low", parabola(10, 40).float(), persistent=False)
        self.register_buffer("high", parabola(80, 240).float(), persistent=False)
        self.register_buffer("frequency_hz", frequency_hz, persistent=False)

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch -> (B,)."""
        straightness = self._straightness(audio.double(), f0_hz.double()).to(audio)
        return super().pooled(audio, f0_hz) + DECAY_WEIGHT * (straightness - TYPICAL_DECAY)

    def rating(self, note: HeardSound) -> Tensor:
        """Prepared note -> (B,)."""
        loudness, power = self.specific_loudness.of(note)
        rms = (power + 1e-12).sqrt() - 1e-6
        spectrum = spectrogram(note.audio, ("tukey", 0.25), N_FFT, HOP).sum(1)
        frequency_hz = self.frequency_hz.expand_as(spectrum)
        return (
            CENTROID_WEIGHT * weighted_mean(frequency_hz, spectrum, 1000.0).log10()
            + HIGH_WEIGHT * weighted_mean(loudness @ self.high, rms, 0.0)
            + LOW_WEIGHT * (loudness @ self.low).mean(-1)
            + DECAY_WEIGHT * TYPICAL_DECAY
            + SHARE_WEIGHT * weighted_mean(self._low_bins(note.f0_hz), spectrum, 0.0)
            + OFFSET
        )

    @torch.no_grad()
    def _straightness(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N), (B, F) in float64 -> (B,) R squared of log power against log frequency above 3.5 fundamentals.

        Single precision would add a floor of its own to what 16 bits leave.
        """
        note = self.prepared(HeardSound(audio, f0_hz))
        power = spectrogram(note.audio, ("tukey", 0.25), N_FFT, HOP).sum(1)
        above = (self.frequency_hz > (3.5 * note.f0_hz).clamp_max(HIGHEST_START_HZ)).double()
        octave, level = self.frequency_hz.double().clamp_min(1.0).log10(), (power + 1e-300).log10()
        octave, level = (
            above * (value - (above * value).sum(-1, keepdim=True) / above.sum(-1, keepdim=True))
            for value in (octave.expand_as(level), level)
        )
        explained = (octave * level).sum(-1).square() / octave.square().sum(-1)
        return torch.where(power.sum(-1) > 0.0, explained / level.square().sum(-1), TYPICAL_DECAY)

    def _low_bins(self, f0_hz: Tensor) -> Tensor:
        """(B, 1) fundamental -> (B, bins) 1 from it to 260 Hz, edges softer than a bin; 0 for a fundamental above."""
        place, fundamental = self.frequency_hz / self.frequency_hz[1], f0_hz / self.frequency_hz[1]
        limit = LOW_BELOW_HZ / self.frequency_hz[1]
        above = (4.0 * (place - fundamental) + 3.0).clamp(0.0, 1.0)  # its nearest bin counts whole
        below = (limit - place + 0.5).clamp(0.0, 1.0)
        return above * below * (limit - fundamental).clamp(0.0, 1.0)
