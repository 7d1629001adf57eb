"""How bright, as listeners rated it."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.butterworth import steep_impulse, steep_power
from synths.descriptors.audio_commons.front_end import Upsampled
from synths.descriptors.audio_commons.spectrogram import spectrogram
from synths.descriptors.descriptor import SpectralDescriptor
from synths.signal import fft_convolve

RATIO_WEIGHT, CENTROID_WEIGHT, OFFSET = 4.613128018020465, 17.378889309312974, 17.434733750553022
LOWEST_HZ, CENTROID_FROM_HZ, RATIO_FROM_HZ = 20.0, 100.0, 2000.0
FLOOR = 1e-18
"""Power of silence, 180 dB below a full-scale sine: a sound at -80 dB is measured as at 0 dB."""
SILENT_RATIO = 10.0 ** (-(CENTROID_WEIGHT * 2.0 + OFFSET) / RATIO_WEIGHT)
"""Ratio of silence, which with a centroid of 100 Hz makes its brightness 0."""


class Brightness(SpectralDescriptor):
    """Share of power above 2 kHz and centroid above 100 Hz, both logarithmic, weighted as listeners' ratings ask.

    The AudioCommons model (Pearce et al. 2019, deliverable D5.8; timbral_models 0.4.1), frame by frame: without a
    threshold or a peak picked it is a closed form of the spectrum. `pooled` sums power over a sound first, with the
    model's own filters and frames. Levels cancel. 0 for silence.
    """

    unit = "0-100"
    summary = "AudioCommons brightness"
    default_span = (30.0, 80.0)
    weight: Tensor
    audible: Tensor
    bright: Tensor
    centred: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.upsampled = Upsampled(clip)
        frequency_hz, rate = self.spectrum.frequency_hz.double(), self.upsampled.sample_rate
        audible, centred, bright = (
            steep_power("highpass", cutoff, rate, frequency_hz)
            for cutoff in (LOWEST_HZ, CENTROID_FROM_HZ, RATIO_FROM_HZ)
        )
        centred = audible * centred
        weight = torch.stack([audible * bright, audible, centred * frequency_hz, centred], -1)
        self.register_buffer("weight", weight.float(), persistent=False)
        for name, cutoff in (("audible", LOWEST_HZ), ("centred", CENTROID_FROM_HZ), ("bright", RATIO_FROM_HZ)):
            self.register_buffer(name, steep_impulse("highpass", cutoff, rate).float(), persistent=False)

    def of(self, power: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, F, bins) power -> (B, F) brightness."""
        return _rating(*(power @ self.weight).unbind(-1))

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio -> (B,) brightness of the whole sound."""
        audible = fft_convolve(self.upsampled(audio), self.audible.to(audio))
        total, bright, centred = (
            spectrogram(sound, "hamming", 2048, 512).sum(1)
            for sound in (
                audible,
                fft_convolve(audible, self.bright.to(audio)),
                fft_convolve(audible, self.centred.to(audio)),
            )
        )
        frequency_hz = torch.fft.rfftfreq(2048, 1.0 / self.upsampled.sample_rate).to(audio)
        return _rating(bright.sum(-1), total.sum(-1), centred @ frequency_hz, centred.sum(-1))


def _rating(bright: Tensor, total: Tensor, moment_hz: Tensor, centred: Tensor) -> Tensor:
    """Power above 2 kHz and of all, first moment and power above 100 Hz -> brightness."""
    ratio = (bright + FLOOR * SILENT_RATIO) / (total + FLOOR)
    centroid_hz = (moment_hz + FLOOR * CENTROID_FROM_HZ) / (centred + FLOOR)
    return RATIO_WEIGHT * ratio.log10() + CENTROID_WEIGHT * centroid_hz.log10() + OFFSET
