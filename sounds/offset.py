"""What a recording holds below all hearing, an offset or rumble: found, and taken out."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CUTOFF_HZ = 17.0
"""Half of what is at this frequency stays, all above 23 Hz (the lowest A of a piano is 27.5), 1 % of what is at 12."""
REACH_S = 0.2
"""How far to both sides the filter hears."""

FRAME_S, HOP_S = 0.1, 0.043
"""Unequal lengths: a steady tone or rumble cannot meet every frame in the same phase."""
FAINTEST = 1e-5
"""A third of a step of 16 bits. Four steps make silence so alike that it has a sure pitch."""
AUDIBLE_SHARE, LASTING_SHARE = 0.2, 1e-4
"""An offset below this is only what rounding to 16 bits leaves; above, it counts at once or when it lasts."""
ENOUGH_FRAMES, LASTING_FRAMES = 7, 15


def has_offset(blocks: Iterable[np.ndarray], rate: int) -> bool:
    """Whether there is anything to take out; a clean recording, or one with a few thumps, stays as it is.

    There is where the mean of a tenth of a second is over a fifth of what moves in it, seven times in all, as for an
    offset in silence; and where it keeps its sign for 0.7 s, as for an offset below a note that is held.

    Args:
        blocks: the whole recording, one (N,) after the other
        rate: samples per second
    """
    found = [_means(frames) for frames in _in_frames(blocks, rate)]
    mean, moving = np.concatenate(found, axis=1) if found else np.zeros((2, 0))
    is_there = np.abs(mean) > FAINTEST
    is_bare = is_there & (np.abs(mean) > AUDIBLE_SHARE * moving)
    if is_bare.any() and is_bare.sum() >= min(ENOUGH_FRAMES, len(mean)):
        return True
    is_felt = is_there & (np.abs(mean) > LASTING_SHARE * moving)
    return any(_longest_run(is_felt & (np.sign(mean) == sign)) >= LASTING_FRAMES for sign in (-1, 1))


def without_offset(blocks: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """The recording without what is below hearing, in blocks of other lengths, neither delayed nor turned in phase.

    A linear-phase high-pass. At both ends it weighs what there is, and a steady offset leaves no edge. A stretch
    read with `reach` samples more on both sides, where there are so many, gives there what the whole recording gives.

    Args:
        blocks: the recording, one (N,) after the other
        rate: samples per second
    """
    n_reach, audio, n_done = reach(rate), np.zeros(0, np.float32), 0
    for block in blocks:
        audio = np.concatenate([audio, block])
        n_ready = len(audio) - n_reach
        if n_ready > n_done:
            yield _high_passed(audio, rate)[n_done:n_ready]
            n_past = max(0, n_ready - n_reach)
            audio, n_done = audio[n_past:], n_ready - n_past
    if len(audio) > n_done:
        yield _high_passed(audio, rate)[n_done:]


def reach(rate: int) -> int:
    """Samples to both sides that the filter hears."""
    return round(REACH_S * rate)


def _in_frames(blocks: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """(n, samples) frames that overlap; a recording that is shorter than one is one."""
    size, hop = round(FRAME_S * rate), round(HOP_S * rate)
    waiting, n_seen = np.zeros(0, np.float32), 0
    for block in blocks:
        waiting, n_seen = np.concatenate([waiting, block]), n_seen + len(block)
        if len(waiting) >= size:
            frames = sliding_window_view(waiting, size)[::hop]
            yield frames
            waiting = waiting[len(frames) * hop :]
    if 0 < n_seen < size:
        yield waiting[None]


def _means(frames: np.ndarray) -> np.ndarray:
    """(n, samples) -> (2, n): the mean of each under a window that hears no note in it, and what moves around that."""
    window = np.hanning(frames.shape[1] + 1)[1:]
    mean = frames @ (window / window.sum())
    return np.stack([mean, frames.std(axis=1, dtype=np.float64)])


def _longest_run(true: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(true, prepend=False, append=False))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _high_passed(audio: np.ndarray, rate: int) -> np.ndarray:
    """(N,) -> (N,) float32."""
    from scipy.signal import oaconvolve  # it takes most of a second to load, and few recordings need it

    kernel, n_reach = _low_pass(rate), reach(rate)
    unheard, weights = (
        oaconvolve(signal, kernel)[n_reach : n_reach + len(audio)]
        for signal in (audio.astype(np.float64), np.ones(len(audio)))
    )
    return (audio - unheard / weights).astype(np.float32)


@lru_cache(maxsize=4)
def _low_pass(rate: int) -> np.ndarray:
    from scipy.signal import firwin

    kernel: np.ndarray = firwin(2 * reach(rate) + 1, CUTOFF_HZ, fs=rate, window="blackman")
    return kernel
