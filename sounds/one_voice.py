"""Whether a recording is of one voice: how often partials sound that its pitch does not explain."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import median_filter

N_WINDOWS = 60
"""Places that are looked at, evenly spread over what sounds."""
WINDOW_S = 0.25
LOWEST_HZ, HIGHEST_HZ = 60.0, 5000.0
PROMINENT = 30.0
"""How many times as strong as the median around it a peak is: noise has none of those."""
NEIGHBOURS = 61
STRAYED = 0.03
"""Share of its frequency by which a partial of one string may lie aside."""
OTHERS = 0.1
"""Share of the peaks' power, 10 dB below all, that lies beside the pitch's partials where another voice sounds."""
LOWEST_PARTIALS = 3
ABSENT = 1e-4
"""Share of power below which a pitch's lowest partials are not there: the pitch is that of a chord."""
OFTEN = 0.3
"""Share of the places that makes it more than one voice; piano, bells and rooms stay below."""


def is_one_voice(
    read: Callable[[int, int], np.ndarray], f0_hz: np.ndarray, hop: int, sample_rate: int, sounding: np.ndarray
) -> bool:
    """Whether one pitch explains what sounds.

    Voices an octave apart count as one: no spectrum tells them from one.

    Args:
        read: start and length to that many samples, fewer at the end
        f0_hz: (F,) pitch, one per hop
        hop: samples per frame
        sample_rate: in Hz
        sounding: (F,) True where it sounds
    """
    n_window = round(WINDOW_S * sample_rate)
    places = np.flatnonzero(sounding)
    if not len(places):
        return True
    chosen = places[np.unique(np.linspace(0, len(places) - 1, N_WINDOWS).round().astype(int))]
    found = []
    for frame in chosen:
        audio = read(max(0, frame * hop - n_window // 2), n_window)
        steady = (
            np.ptp(np.log2(f0_hz[max(0, frame - n_window // hop // 2) : frame + n_window // hop // 2 + 1])) < 1 / 24
        )
        if len(audio) == n_window and steady:
            found.append(_has_others(audio, float(f0_hz[frame]), sample_rate))
    return not found or float(np.mean(found)) < OFTEN


def _has_others(audio: np.ndarray, f0_hz: float, sample_rate: int) -> bool:
    """Whether peaks of a window lie beside the partials of its pitch, or the pitch's own are missing."""
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    step_hz = sample_rate / len(audio)
    floor = PROMINENT * median_filter(power, NEIGHBOURS)[1:-1]
    is_peak = (power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:]) & (power[1:-1] > floor)
    bins = np.flatnonzero(is_peak) + 1
    bins = bins[(bins * step_hz > LOWEST_HZ) & (bins * step_hz < HIGHEST_HZ)]
    if not len(bins):
        return False
    number = np.maximum(1, np.round(bins * step_hz / f0_hz))
    strayed_hz = np.abs(bins * step_hz - number * f0_hz)
    allowed_hz = np.maximum(2.5 * step_hz, np.minimum(STRAYED * bins * step_hz, 0.25 * f0_hz))
    others = power[bins[strayed_hz > allowed_hz]].sum() / power[bins].sum()
    lowest = power[bins[number <= LOWEST_PARTIALS]].sum() / power[bins].sum()
    return bool(others > OTHERS or lowest < ABSENT)
