"""How hard."""

import librosa
import numpy as np
import torch
from torch import Tensor

from synths.clip import ClipFormat
from synths.descriptors.audio_commons.attack import attack, held_envelope, rise
from synths.descriptors.audio_commons.din_45631 import Din45631
from synths.descriptors.audio_commons.note_descriptor import NoteDescriptor, weighted_mean
from synths.descriptors.audio_commons.parabola import parabola
from synths.descriptors.sound import HeardSound

BANDWIDTH_WEIGHT, CENTROID_WEIGHT, MIDDLE_WEIGHT = 12.079781720638145, 18.52100377170042, 14.139883645260355
PERCUSSIVE_WEIGHT, STRENGTH_WEIGHT, ATTACK_WEIGHT = 5.567690321917516, 3.9346817690405635, -4.326890461087848
OFFSET = -85.60352209068202
N_FFT, HOP = 4096, 128
AUDIBLE, ROLL_ON = 10.0 ** (-75.0 / 20.0), 0.05
LEAST_CENTROID_HZ, CENTROID_S = 200.0, 0.125


class Hardness(NoteDescriptor):
    """Attack time, strength, centroid and bandwidth of the onset, percussive share, and loudness from 7 to 14 Bark.

    Pearce et al. 2019 (AudioCommons D5.8; timbral_models 0.4.1), for one note, to report beside others who do.
    Detached: without a gradient. Log-attack time and brightness are the measures to use. 0 for silence.
    """

    summary = "AudioCommons hardness"
    default_span = (20.0, 75.0)
    not_for_training = "it jumps: a pitch 16 cents off moves it by up to 7 points"
    middle: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.specific_loudness = Din45631(self.upsampled.sample_rate)
        self.register_buffer("middle", parabola(70, 140).float(), persistent=False)

    @torch.no_grad()
    def rating(self, note: HeardSound) -> Tensor:
        """Prepared note -> (B,)."""
        loudness, power = self.specific_loudness.of(note)
        middle = weighted_mean(loudness @ self.middle, power.sqrt(), 0.0)
        onsets = [self._of_onset(each) if each.any() else 0.0 for each in note.audio.double().cpu().numpy()]
        rated = MIDDLE_WEIGHT * (middle + 1e-3).log10() + note.audio.new_tensor(onsets)
        return torch.where(power.sum(-1) > 0.0, rated, 0.0)

    def _of_onset(self, sound: np.ndarray) -> float:
        """(N,) -> the rating but for what loudness adds to it."""
        rate = self.upsampled.sample_rate
        padded = np.pad(sound, (N_FFT + 1, 0))
        start, attack_s = attack(held_envelope(padded, rate), rate)
        strength = librosa.onset.onset_strength(y=padded, sr=rate).max()
        return (
            BANDWIDTH_WEIGHT * np.log10(_bandwidth_hz(padded, rate))
            + CENTROID_WEIGHT * np.log10(_centroid_hz(padded[start : start + int(CENTROID_S * rate)], rate))
            + PERCUSSIVE_WEIGHT * np.log10(_percussive_share(sound) + 1e-6)
            + STRENGTH_WEIGHT * np.log10(strength + 1e-6)
            + ATTACK_WEIGHT * np.log10(attack_s)
            + OFFSET
        )


def _bandwidth_hz(sound: np.ndarray, sample_rate: int) -> float:
    """(N,) -> widest band of the first 0.1 s of the onset."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, N_FFT)[::HOP]
    parts = [_widths(part, sample_rate) for part in np.array_split(frames, -(-len(frames) // 256))]
    width_hz, level = (np.concatenate(values) for values in zip(*parts, strict=True))
    sounding = level > level.min() + 0.1 * (level.max() - level.min())
    width_hz = np.where(sounding, width_hz, 0.0)
    start, part = rise(width_hz)
    if not len(part):
        return sample_rate / 512.0
    start, window = start + int((part >= 0.2).argmax()), int(0.1 * sample_rate / HOP)
    # Like the reference, to the sound's end where less than that much of it is left after twice the start.
    rest = width_hz[start:]
    widest_hz = (rest[:window] if len(rest) > start + window else rest).max()
    return float(widest_hz) if widest_hz > 512.0 else sample_rate / 512.0


def _widths(frames: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """(T, n) frames -> (T,) Hz from 5 % of the spectrum's sum to its last audible bin, (T,) that sum."""
    spectra = np.abs(np.fft.rfft(frames - frames.mean(-1, keepdims=True))) / np.sqrt(sample_rate * N_FFT)
    level, audible = spectra.sum(-1), spectra >= AUDIBLE
    first = (spectra.cumsum(-1) >= ROLL_ON * level[:, None]).argmax(-1)
    last = N_FFT // 2 - audible[:, ::-1].argmax(-1)
    return np.where(audible.any(-1), last - first, 0) * (sample_rate / N_FFT), level


def _centroid_hz(sound: np.ndarray, sample_rate: int) -> float:
    """(N,) -> mean frequency of its magnitude spectrum from 20 Hz, 200 Hz at least or where it is too short."""
    if len(sound) <= 512:
        return LEAST_CENTROID_HZ
    n_fft = 1 << (len(sound) - 1).bit_length()
    frequency_hz = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    magnitude = np.abs(np.fft.rfft(sound, n_fft)) * (frequency_hz >= 20.0)
    return max(LEAST_CENTROID_HZ, float(magnitude @ frequency_hz / magnitude.sum()))


def _percussive_share(sound: np.ndarray) -> float:
    """(N,) -> percussive over harmonic and percussive amplitude (librosa's median filters)."""
    spectrum = librosa.stft(np.pad(sound, (0, max(0, 2048 - len(sound)))))
    harmonic, percussive = (_sum_of_rms(librosa.istft(part)) for part in librosa.decompose.hpss(spectrum))
    return percussive / (percussive + harmonic)


def _sum_of_rms(sound: np.ndarray) -> float:
    """(N,) -> summed rms of frames of 1024 samples, half overlapping, and of what is left."""
    starts = range(0, max(0, len(sound) - 1024), 512)
    frames = [sound[start : start + 1024] for start in starts] + [sound[512 * len(starts) :]]
    return float(sum(np.sqrt(np.mean(frame**2)) for frame in frames))
