"""How much codes and factors tell about each other, and two figures of it: mutual information gap and modularity."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import entr
from scipy.stats import rankdata

from evaluation.disentanglement.sap import gap_of_top_two

N_BINS = 20

N_EXCHANGES = 20
"""How often the notes of the factors are exchanged to learn what chance does."""


def mutual_information(codes: np.ndarray, factors: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Codes (n, D) and factors (n, J) of rows in notes `groups` (n,) -> (D, J) share of a factor's entropy told.

    Histograms of 20 bins of equal mass. Few rows, and rows of one note that are alike, look related by chance: that
    much is measured between codes and the factors of other notes, and taken out of what is told and of what there is to
    tell (as the adjusted mutual information of Vinh et al., 2010, does for rows without notes): 0 is chance, 1 all.
    A code that tells of no factor more than the most that any told of other notes' tells nothing: 0. NaN where there
    are too few notes to tell all from chance.
    """
    code_bins, factor_bins = _bins(codes), _bins(factors)
    by_chance = np.stack(
        [_information(code_bins, factor_bins[exchanged]) for exchanged in _exchanged_notes(groups, seed)]
    )
    chance = by_chance.mean(axis=0)
    entropy = _entropy(factor_bins)
    beyond_chance = np.where(entropy - chance > 0.01 * entropy, entropy - chance, math.nan)
    share = (_information(code_bins, factor_bins) - chance) / beyond_chance
    strongest_by_chance = np.nanmax((by_chance - chance) / beyond_chance, initial=0)
    silent = share.max(axis=1, keepdims=True) <= strongest_by_chance
    return np.where(silent, 0, share.clip(0, 1))


def mutual_information_gap(information: np.ndarray) -> np.ndarray:
    """Mutual information (D, J) as shares of the factors' entropies -> (J,) lead of the best code on the second.

    Chen et al. (2018), "Isolating sources of disentanglement in variational autoencoders", equation 6; a continuous
    factor is binned as the codes are.
    """
    return gap_of_top_two(information)


def modularity(information: np.ndarray) -> float:
    """Mutual information (D, J) -> 1 where each code tells of one factor only, 0 where it tells as much of all.

    Ridgeway and Mozer (2018), "Learning deep disentangled embeddings with the F-statistic loss", section 3. Mean
    over codes; those that tell nothing are left out, or else an empty residual would count as many codes as it is wide.
    0 where no code tells anything, NaN with one factor.
    """
    n_factors = information.shape[1]
    if n_factors < 2 or np.isnan(information).any():
        return math.nan
    telling = information[information.max(axis=1) > 0]
    if len(telling) == 0:
        return 0.0
    best = telling.max(axis=1)
    of_others = np.square(telling).sum(axis=1) - np.square(best)
    return float(np.mean(1 - of_others / (np.square(best) * (n_factors - 1))))


def _exchanged_notes(groups: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Note of each row (n,) -> N_EXCHANGES times (n,) rows of another note in its stead, over again if short."""
    _, note, length = np.unique(groups, return_inverse=True, return_counts=True)
    by_note = np.argsort(note, kind="stable")
    first = length.cumsum() - length
    place = np.empty_like(by_note)
    place[by_note] = np.arange(note.size) - first[note[by_note]]
    rng = np.random.default_rng(seed)
    for _ in range(N_EXCHANGES):
        circle = rng.permutation(length.size)
        partner = np.empty_like(circle)
        partner[circle] = np.roll(circle, 1)
        yield by_note[first[partner[note]] + place % length[partner[note]]]


def _bins(values: np.ndarray) -> np.ndarray:
    """Values (n, K) -> (n, K, bins) one where a value lies in the bin; equal values share one."""
    n, _ = values.shape
    ranks = rankdata(values, axis=0) - 0.5
    return np.eye(N_BINS, dtype=np.float32)[(ranks * N_BINS / n).astype(int)]


def _information(code_bins: np.ndarray, factor_bins: np.ndarray) -> np.ndarray:
    """Bins (n, D, bins) and (n, J, bins) -> (D, J) mutual information in nats."""
    joint = np.tensordot(code_bins, factor_bins, axes=(0, 0)).astype(float) / len(code_bins)
    return _entropy(code_bins)[:, None] + _entropy(factor_bins) - entr(joint).sum(axis=(1, 3))


def _entropy(bins: np.ndarray) -> np.ndarray:
    """Bins (n, K, bins) -> (K,) entropy in nats."""
    return np.asarray(entr(bins.mean(axis=0, dtype=float)).sum(axis=-1))
