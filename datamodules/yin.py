"""Pitch as the shift at which a sound repeats itself, followed through time."""

import numpy as np
import scipy.fft

from datamodules.pitch import Pitch, PitchTracker, bridged
from synths.clip import ClipFormat

WINDOW_S = 0.08
CENTRED_PERIOD_S = 0.005
"""The two windows compared lie symmetrically about a frame for this period, and within 3 ms of it above 90 Hz."""
N_CANDIDATES = 8
GOOD_ENOUGH = 0.02
"""Aperiodicity below which a shift is as good as any: the shortest such shift is the period, the rest its multiples."""
LOW_COST = 0.02
"""Per octave down, in units of aperiodicity."""
JUMP_COST = 1.0
"""Per octave from one frame to the next, in units of aperiodicity."""
SAMPLING_COST = 6.0
"""Aperiodicity that is there only because the period falls between two shifts: this over (shift in steps) squared."""
SAMPLING_COST_LIMIT = 0.2
LAG_RATE_HZ = 32000
"""Shifts are compared at this rate at least: at 16 kHz a period of 2 kHz is only 8 samples."""
QUIET = 1e-5
FRAMES_AT_ONCE = 1024


class Yin(PitchTracker):
    """YIN (de Cheveigné & Kawahara 2002), its candidates joined to the cheapest path (as in Boersma 1993).

    Confidence is 1 minus the aperiodicity of the frame, the depth that YIN itself goes by.

    Args:
        lowest_hz: nothing lower is heard
        highest_hz: nothing higher is heard
    """

    VERSION = 2
    """To be raised whenever the numbers change, so that no old index is taken for a new one."""

    def __init__(self, lowest_hz: float = 32.7, highest_hz: float = 4200.0) -> None:
        if not 10 <= lowest_hz < highest_hz:
            raise ValueError(f"Yin hears {lowest_hz:g} to {highest_hz:g} Hz: choose 10 <= lowest_hz < highest_hz.")
        self.lowest_hz = lowest_hz
        self.highest_hz = highest_hz

    @property
    def identity(self) -> str:
        """Name, version and range."""
        return f"yin {self.VERSION} {self.lowest_hz:g}-{self.highest_hz:g} Hz"

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        """(N,) audio of any length -> pitch in F = ceil(N / hop) frames."""
        n_window = round(WINDOW_S * clip.sample_rate)
        n_lags = int(clip.sample_rate / self.lowest_hz) + 3
        fineness = -(-LAG_RATE_HZ // clip.sample_rate)
        shortest = max(2, round(fineness * clip.sample_rate / self.highest_hz))
        n_frames = -(-len(audio) // clip.hop)
        before = (n_window + round(CENTRED_PERIOD_S * clip.sample_rate)) // 2
        padded = np.pad(np.asarray(audio, np.float32), (before, n_window + n_lags))
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_window + n_lags)[:: clip.hop][:n_frames]
        found = [
            candidates(aperiodicity(frames[start : start + FRAMES_AT_ONCE], n_window, fineness), shortest)
            for start in range(0, n_frames, FRAMES_AT_ONCE)
        ]
        period, cost = cheapest_path(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        return bridged(fineness * clip.sample_rate / period, 1 - np.minimum(cost, 1))


def aperiodicity(frames: np.ndarray, n_window: int, fineness: int = 1) -> np.ndarray:
    """(F, n_window + n_lags) frames -> (F, fineness * n_lags), how unlike a window is to itself shifted: 0 is the same.

    The cumulative mean normalised difference, which is 1 on average: noise and silence are near 1.
    """
    n_lags = frames.shape[1] - n_window
    n_fft = scipy.fft.next_fast_len(frames.shape[1], real=True)
    frames = frames - frames[:, :n_window].mean(axis=1, keepdims=True)  # an offset would ring between the samples
    spectrum = scipy.fft.rfft(frames, n_fft)
    cross = np.conj(scipy.fft.rfft(frames[:, :n_window], n_fft)) * spectrum
    # A longer inverse transform is the correlation between samples, band-limited.
    likeness = fineness * scipy.fft.irfft(cross, fineness * n_fft)[:, : fineness * n_lags]
    so_far = np.cumsum(np.pad(frames.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energy = (so_far[:, n_window:-1] - so_far[:, :n_lags]).astype(np.float32).repeat(fineness, axis=1)
    difference = np.maximum(energy[:, :1] + energy - 2 * likeness, 0) + n_window * QUIET**2
    shorter = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, fineness * n_lags, dtype=np.float32)
    return np.concatenate([np.ones((len(frames), 1), np.float32), difference[:, 1:] / shorter], axis=1)


def candidates(unlike: np.ndarray, shortest: int) -> tuple[np.ndarray, np.ndarray]:
    """(F, n_lags) aperiodicity -> the periods in steps and costs of the best troughs, (F, 8) each."""
    before, here, after = unlike[:, :-2], unlike[:, 1:-1], unlike[:, 2:]
    is_trough = (here < before) & (here <= after)
    is_trough[:, : shortest - 1] = False
    curvature = np.where(is_trough, np.maximum(before + after - 2 * here, 1e-9), 1.0)
    slope = before - after
    lag = np.arange(1, here.shape[1] + 1, dtype=np.float32)
    depth = here - slope**2 / (8 * curvature) - np.minimum(SAMPLING_COST / lag**2, SAMPLING_COST_LIMIT)
    cost = np.where(is_trough, np.maximum(depth, GOOD_ENOUGH), 9.0)
    # A shorter shift goes first where two are as good.
    best = np.argpartition(cost + 1e-6 * lag, N_CANDIDATES, axis=1)[:, :N_CANDIDATES]
    at_best = [np.take_along_axis(values, best, axis=1) for values in (is_trough, slope / (2 * curvature), cost)]
    return best + 1 + np.where(at_best[0], at_best[1], 0.0), at_best[2]


def cheapest_path(period: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, 8) candidates -> (F,) period and cost of the path that is cheap in every frame and jumps little."""
    octave = np.log2(period)
    local = cost + LOW_COST * octave
    total, origins = local[0], []
    for frame in range(1, len(period)):
        jump = np.minimum(np.abs(octave[frame][:, None] - octave[frame - 1]), 2.0)
        reached = total + JUMP_COST * jump
        origins.append(reached.argmin(axis=1))
        total = local[frame] + reached.min(axis=1)
    path = [int(total.argmin())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    chosen = (np.arange(len(period)), np.array(path[::-1]))
    return period[chosen], cost[chosen]
