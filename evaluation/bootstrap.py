"""How sure a mean or a median over notes is."""

import math
from functools import cache
from typing import Literal

import numpy as np

N_RESAMPLES = 1000
SEED = 0


def bootstrap_interval(values_by_note: np.ndarray, statistic: Literal["mean", "median"]) -> tuple[float, float]:
    """Values (N,) or (N, ...) -> ends of the 95 % percentile interval of their mean or median over everything.

    Notes are drawn with replacement, all values of a note together (Efron, 1979). NaN are ignored; the ends are NaN
    with fewer than two notes. The draws are the same at every call.
    """
    values = values_by_note.reshape(len(values_by_note), -1 if values_by_note.size else 0)
    values = values[np.isfinite(values).any(axis=1)]
    if len(values) < 2:
        return math.nan, math.nan
    resample = _resampled_means if statistic == "mean" else _resampled_medians
    low, high = np.percentile(resample(values, draws(len(values))), [2.5, 97.5])
    return float(low), float(high)


@cache
def draws(n_notes: int) -> np.ndarray:
    """(N_RESAMPLES, n_notes) how often each note is drawn, with replacement; at every call the same."""
    drawn = np.random.default_rng(SEED).integers(n_notes, size=(N_RESAMPLES, n_notes))
    return np.stack([np.bincount(draw, minlength=n_notes) for draw in drawn])


def _resampled_means(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Values (N, M) and how often each is drawn (R, N) -> (R,) means of what was drawn."""
    finite = np.isfinite(values)
    return (drawn @ np.where(finite, values, 0).sum(axis=1)) / (drawn @ finite.sum(axis=1))


def _resampled_medians(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Values (N, M) and how often each is drawn (R, N) -> (R,) medians of what was drawn, from one sort."""
    note, _ = np.nonzero(np.isfinite(values))
    flat = values[np.isfinite(values)]
    order = flat.argsort()
    drawn_up_to = drawn[:, note[order]].cumsum(axis=1)
    twice, total = 2 * drawn_up_to, drawn_up_to[:, -1:]
    # Of an even number of values the two in the middle, of an odd number the same one twice.
    return (flat[order][(twice >= total).argmax(axis=1)] + flat[order][(twice > total).argmax(axis=1)]) / 2
