"""How deep."""

import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.butterworth import steep_impulse, steep_power
from synths.descriptors.audio_commons.decay_time import STEP, decay_steps, whole_decay_steps
from synths.descriptors.audio_commons.note_descriptor import NoteDescriptor, weighted_mean
from synths.descriptors.audio_commons.spectrogram import spectrogram
from synths.descriptors.sound import HeardSound
from synths.signal import fft_convolve

CENTROID_WEIGHT, RATIO_WEIGHT = -0.0043703565847874465, 32.83743202462131
DURATION_WEIGHT, PITCH_WEIGHT = 4.750862716905235, -14.217438690256062
RATIO_DURATION_WEIGHT, SWITCH_DURATION_WEIGHT, OFFSET = 3.8782339862813924, -0.8544826091735516, 66.69534394444391
LOWEST_HZ, RATIO_BELOW_HZ, CENTROID_BELOW_HZ = 20.0, 500.0, 2000.0
N_FFT, HOP = 4096, 1024


class Depth(NoteDescriptor):
    """Share of power below 500 Hz, centroid below 2 kHz, time to -40 dB and pitch, weighted as listeners' ratings ask.

    Pearce et al. 2019 (AudioCommons D5.8; timbral_models 0.4.1), with the given pitch for the lowest peak of the
    spectrum and one note for several onsets. Its decay is blurred by `measure` and counted by `pooled`. Mostly it
    follows the pitch. Silence has what pitch and length give.
    """

    summary = "AudioCommons depth"
    default_span = (0.0, 80.0)
    needs_pitch = True
    high_pass: Tensor
    audible: Tensor
    below: Tensor
    low: Tensor
    frequency_hz: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        rate = self.upsampled.sample_rate
        frequency_hz = torch.fft.rfftfreq(N_FFT, 1.0 / rate, dtype=torch.float64)
        audible = steep_power("highpass", LOWEST_HZ, rate, frequency_hz)
        low = audible * steep_power("lowpass", RATIO_BELOW_HZ, rate, frequency_hz)
        below = audible * steep_power("lowpass", CENTROID_BELOW_HZ, rate, frequency_hz)
        high_pass = steep_impulse("highpass", LOWEST_HZ, rate)
        tables = {"high_pass": high_pass, "audible": audible, "low": low, "below": below, "frequency_hz": frequency_hz}
        for name, table in tables.items():
            self.register_buffer(name, table.float(), persistent=False)

    def rating(self, note: HeardSound) -> Tensor:
        """Prepared note -> (B,)."""
        return self._rating(note, decay_steps(note.audio))

    def pooled(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio, (B, F) pitch -> (B,), its decay counted in whole blocks as the original does."""
        note = self.prepared(HeardSound(audio, f0_hz))
        # In float64 and through the filter, as the original: the last digits decide on a steady tone's loudest block.
        exactly = self.prepared(HeardSound(audio.double(), f0_hz.double())).audio
        audible = fft_convolve(exactly, self.high_pass.double())
        return self._rating(note, whole_decay_steps(audible).to(audio))

    def _rating(self, note: HeardSound, decay: Tensor) -> Tensor:
        power = spectrogram(note.audio, "hamming", N_FFT, HOP)
        total, floor = power @ self.audible, 1e-12
        ratio = weighted_mean((power @ self.low) / (total + floor), total, 0.0)
        centroid_hz = power @ (self.below * self.frequency_hz) / (power @ self.below + floor)
        centroid_hz = weighted_mean(centroid_hz, total, CENTROID_BELOW_HZ).clamp_max(CENTROID_BELOW_HZ)
        duration = (decay * STEP / self.upsampled.sample_rate).log10()
        switch = ratio**10 / (ratio**10 + 0.2)
        return (
            CENTROID_WEIGHT * centroid_hz
            + RATIO_WEIGHT * ratio
            + (DURATION_WEIGHT + RATIO_DURATION_WEIGHT * ratio + SWITCH_DURATION_WEIGHT * switch) * duration
            + PITCH_WEIGHT * note.f0_hz[:, 0].log10()
            + OFFSET
        )
