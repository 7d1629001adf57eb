"""How rough, as the AudioCommons models rate it."""

import numpy as np
import torch
from torch import Tensor

from synths.descriptors.audio_commons.note_descriptor import NoteDescriptor
from synths.descriptors.audio_commons.spectral_peaks import contrasting_peaks, refined
from synths.descriptors.sound import HeardSound

SLOPE, OFFSET = 13.98779569, 48.97606571545886
WINDOW_S, LEAD, LEAST = 0.05, 512, 0.01


class AudioCommonsRoughness(NoteDescriptor):
    """Vassilakis' roughness between pairs of spectral peaks, averaged over frames, logarithmic.

    Pearce et al. 2019 (AudioCommons D5.8; timbral_models 0.4.1), to report beside others who do. It takes the stronger
    partial's amplitude where Vassilakis (2007) takes the weaker one's: it grows as one of the two vanishes. `Roughness`
    is the measure to use. Detached: without a gradient. 0 for silence and for less than two peaks.
    """

    summary = "AudioCommons roughness"
    default_span = (0.0, 80.0)
    not_for_training = "it grows as a partial vanishes and jumps where a peak comes or goes"

    @torch.no_grad()
    def rating(self, note: HeardSound) -> Tensor:
        """Prepared note -> (B,)."""
        return note.audio.new_tensor([self._rated(each) for each in note.audio.double().cpu().numpy()])

    def _rated(self, sound: np.ndarray) -> float:
        spectra = _spectra(sound, int(WINDOW_S * self.upsampled.sample_rate))
        low, high = spectra.min(), spectra.max()
        if high - low <= 0.0:
            return 0.0
        bin_hz = 0.5 * self.upsampled.sample_rate / (spectra.shape[1] - 1)
        roughness = np.mean([_vassilakis(each, (each - low) / (high - low), bin_hz) for each in spectra])
        return SLOPE * np.log10(roughness) + OFFSET if roughness >= LEAST else 0.0


def _spectra(sound: np.ndarray, length: int) -> np.ndarray:
    """(N,) -> (T, bins) magnitudes of frames half overlapping; the frames that the end cuts are silent."""
    sound = np.pad(sound, (LEAD, max(0, length - LEAD - len(sound))))
    starts = (np.arange(len(sound) / (length / 2.0) - 1e-9) * (length / 2.0)).astype(int)
    frames = np.zeros((int(len(sound) / (length / 2.0)), length))
    for frame, start in zip(frames, starts, strict=False):
        if start + length <= len(sound):
            frame[:] = sound[start : start + length] * np.hamming(length + 2)[1:-1]
    return np.abs(np.fft.rfft(frames, 2 ** int(np.log2(length) + 1)))


def _vassilakis(spectrum: np.ndarray, normalised: np.ndarray, bin_hz: float) -> float:
    """Roughness of all pairs of one frame's peaks."""
    place, amplitude = refined(contrasting_peaks(normalised, LEAST), spectrum)
    frequency_hz = bin_hz * place
    weaker, stronger = np.tril_indices(len(place), -1)
    scale = 0.24 / (0.0207 * np.minimum(frequency_hz[weaker], frequency_hz[stronger]) + 18.96)
    apart = scale * np.abs(frequency_hz[weaker] - frequency_hz[stronger])
    dissonance = np.exp(-3.51 * apart) - np.exp(-5.75 * apart)
    weak, strong = amplitude[weaker], amplitude[stronger]
    return float(np.sum((weak * strong) ** 0.1 * 0.5 * (2.0 * strong / (weak + strong)) ** 3.11 * dissonance))
