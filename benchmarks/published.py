"""The published programs that our descriptors are timed against, each as a call on one clip.

mosqito and librosa come with the development requirements. timbral_models does not install beside them: to measure it,
check out AudioCommons/timbral_models at 6a97eec, `pip install pyloudnorm resampy`, and put the check-out on PYTHONPATH.
"""

from functools import partial
from types import SimpleNamespace

import librosa
import mosqito
import numpy as np
import soxr

from benchmarks.measure import Call
from synths import ClipFormat, Spectrum

MOSQITO_RATE = 48000
PASCAL = 2.0
"""Pressure of a sample of 1, where an rms of 1 is 100 dB SPL."""
RATINGS = ("brightness", "warmth", "depth", "booming", "sharpness", "hardness", "roughness")


def published(audio: np.ndarray, clip: ClipFormat) -> dict[str, Call]:
    """(N,) float32 audio -> what each program computes of it, by name; without those that are not installed."""
    return {**_mosqito(audio, clip), **_timbral_models(audio, clip), **_librosa(audio, clip)}


def _mosqito(audio: np.ndarray, clip: ClipFormat) -> dict[str, Call]:
    """At the rate it wants, so that its own slow resampling does not count."""
    at_48_khz = PASCAL * soxr.resample(audio, clip.sample_rate, MOSQITO_RATE).astype(np.float64)
    as_is = PASCAL * audio.astype(np.float64)
    return {
        "mosqito sharpness_din_tv": partial(mosqito.sharpness_din_tv, at_48_khz, MOSQITO_RATE, skip=0.1),
        "mosqito sharpness_din_st": partial(mosqito.sharpness_din_st, at_48_khz, MOSQITO_RATE),
        "mosqito loudness_zwst": partial(mosqito.loudness_zwst, at_48_khz, MOSQITO_RATE),
        "mosqito roughness_dw": partial(mosqito.roughness_dw, as_is, clip.sample_rate, overlap=0.5),
    }


def _librosa(audio: np.ndarray, clip: ClipFormat) -> dict[str, Call]:
    """With our window and our hop, so that both do the same work; it has no flux."""
    n_fft, hop, rate, feature = Spectrum(clip).n_fft, clip.hop, clip.sample_rate, librosa.feature
    return {
        "librosa spectral_centroid": partial(feature.spectral_centroid, y=audio, sr=rate, n_fft=n_fft, hop_length=hop),
        "librosa spectral_bandwidth": partial(
            feature.spectral_bandwidth, y=audio, sr=rate, n_fft=n_fft, hop_length=hop
        ),
        "librosa spectral_flatness": partial(feature.spectral_flatness, y=audio, n_fft=n_fft, hop_length=hop),
        "librosa spectral_rolloff": partial(feature.spectral_rolloff, y=audio, sr=rate, n_fft=n_fft, hop_length=hop),
    }


def _timbral_models(audio: np.ndarray, clip: ClipFormat) -> dict[str, Call]:
    try:
        np.lib.pad = np.pad  # type: ignore[attr-defined]  # its name before numpy 2
        import timbral_models
        from timbral_models import Timbral_Hardness, timbral_util
    except ImportError:
        return {}
    timbral_util.librosa = Timbral_Hardness.librosa = _librosa_of_its_time()
    return {
        f"timbral_models {name}": partial(getattr(timbral_models, f"timbral_{name}"), audio.copy(), fs=clip.sample_rate)
        for name in RATINGS
    }


def _librosa_of_its_time() -> SimpleNamespace:
    """What timbral_models takes from librosa, with the arguments by position that librosa 0.10 abolished."""
    return SimpleNamespace(
        core=SimpleNamespace(
            stft=librosa.stft,
            istft=librosa.istft,
            resample=lambda y, before, after: librosa.resample(
                y, orig_sr=before, target_sr=after, res_type="kaiser_best"
            ),
        ),
        decompose=librosa.decompose,
        onset=SimpleNamespace(
            onset_detect=lambda y, sr, backtrack, units: librosa.onset.onset_detect(
                y=y, sr=sr, backtrack=backtrack, units=units
            ),
            onset_strength=lambda y, sr: librosa.onset.onset_strength(y=y, sr=sr),
        ),
    )
