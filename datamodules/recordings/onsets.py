"""Where notes begin, in a recording of any length."""

from collections.abc import Iterable, Iterator

import librosa
import numpy as np

FRAME_S = 0.01
WINDOW_FRAMES = 5
LOWEST_HZ, HIGHEST_HZ, N_BANDS = 27.5, 5000.0, 80
RANGE_DB = 60.0
RISE_FRAMES = 4
RISE_DB = 0.8


def find_onsets_s(blocks: Iterable[np.ndarray], rate: int, loudest: float, shortest_s: float) -> list[float]:
    """Where the level rises in many narrow bands (SuperFlux: Böck & Widmer 2013), traced back to the foot of the rise.

    A rise is counted from the loudest of three neighbouring bands, so that vibrato is no onset. The foot of a sharp
    attack is found 0.02 s early, because windows reach so far ahead; that of a soft one is found at its beginning.

    Args:
        blocks: the recording, one (N,) after the other
        rate: samples per second
        loudest: rms of its loudest frame; 60 dB below is nothing
        shortest_s: no two onsets are nearer

    Returns:
        seconds, rising
    """
    # A frame more, because librosa finds no peaks in nothing at all, and cannot trace back none.
    rises = np.concatenate([*_rises_db(blocks, rate, loudest), np.zeros(1, np.float32)])
    shortest = round(shortest_s / FRAME_S)
    peaks = librosa.util.peak_pick(rises, pre_max=3, post_max=3, pre_avg=10, post_avg=7, delta=RISE_DB, wait=shortest)
    feet = librosa.onset.onset_backtrack(peaks, rises) if len(peaks) else peaks
    return [float(foot) * frame_samples(rate) / rate for foot in feet]


def frame_samples(rate: int) -> int:
    """Samples per frame: about a hundredth of a second, so count time in samples."""
    return max(1, round(rate * FRAME_S))


def _rises_db(blocks: Iterable[np.ndarray], rate: int, loudest: float) -> Iterator[np.ndarray]:
    """Mean rise over the bands, a value per frame; the window of a frame is centred on its first sample."""
    hop = frame_samples(rate)
    window = WINDOW_FRAMES * hop
    waiting = np.zeros(window // 2 + RISE_FRAMES * hop, np.float32)
    for block in blocks:
        waiting = np.concatenate([waiting, block / loudest])
        if len(waiting) < window + RISE_FRAMES * hop:
            continue
        rise_db = librosa.onset.onset_strength(
            S=_levels_db(waiting, rate), sr=rate, lag=RISE_FRAMES, max_size=3, center=False
        )[RISE_FRAMES:]
        yield rise_db.astype(np.float32)
        waiting = waiting[len(rise_db) * hop :]


def _levels_db(audio: np.ndarray, rate: int) -> np.ndarray:
    """(N,) -> (bands, frames), against a sine as loud as the loudest frame."""
    hop = frame_samples(rate)
    window = WINDOW_FRAMES * hop
    power = librosa.feature.melspectrogram(
        y=audio,
        sr=rate,
        n_fft=window,
        hop_length=hop,
        center=False,
        n_mels=N_BANDS,
        fmin=LOWEST_HZ,
        fmax=min(HIGHEST_HZ, rate / 2),
    )
    return librosa.power_to_db(power, ref=window**2 / 8, amin=window**2 / 8 * 10 ** (-RANGE_DB / 10), top_db=None)
