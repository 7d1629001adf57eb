"""How sure a mean or a median over notes is."""

import math
from functools import cache
from typing import Literal

import numpy as np

Statistic = Literal["mean", "median", "percentile 95"]
N_RESAMPLES = 1000
SEED = 0


def bootstrap_interval(values_by_note: np.ndarray, statistic: Statistic) -> tuple[float, float]:
    """Values (N,) or (N, ...) -> ends of the 95 % percentile interval of a statistic of them over everything.

    Notes are drawn with replacement, all values of a note together (Efron, 1979). NaN are ignored; the ends are NaN
    with fewer than two notes. The draws are the same at every call.
    """
    values = values_by_note.reshape(len(values_by_note), -1 if values_by_note.size else 0)
    values = values[np.isfinite(values).any(axis=1)]
    if len(values) < 2:
        return math.nan, math.nan
    low, high = np.percentile(_RESAMPLED[statistic](values, draws(len(values))), [2.5, 97.5])
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
    flat, drawn_up_to = _sorted(values, drawn)
    twice, total = 2 * drawn_up_to, drawn_up_to[:, -1:]
    # Of an even number of values the two in the middle, of an odd number the same one twice.
    return (flat[(twice >= total).argmax(axis=1)] + flat[(twice > total).argmax(axis=1)]) / 2


def _resampled_percentiles_95(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The same of the least value that 95 % of what was drawn do not exceed."""
    flat, drawn_up_to = _sorted(values, drawn)
    return np.asarray(flat[(100 * drawn_up_to >= 95 * drawn_up_to[:, -1:]).argmax(axis=1)])


def _sorted(values: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (N, M), drawn (R, N) -> those that are not NaN in order (n,), how many up to each are drawn (R, n)."""
    note, _ = np.nonzero(np.isfinite(values))
    flat = values[np.isfinite(values)]
    order = flat.argsort()
    return flat[order], drawn[:, note[order]].cumsum(axis=1)


_RESAMPLED = {"mean": _resampled_means, "median": _resampled_medians, "percentile 95": _resampled_percentiles_95}
