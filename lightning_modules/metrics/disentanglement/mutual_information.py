"""How much codes and factors tell about each other, and two figures of it: mutual information gap and modularity."""

import math

import numpy as np
from scipy.special import entr
from scipy.stats import rankdata

from lightning_modules.metrics.disentanglement.sap import gap_of_top_two

N_BINS = 20
N_SHIFTS = 10


def mutual_information(codes: np.ndarray, factors: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Codes (n, D) and factors (n, J) of rows in notes `groups` (n,) -> (D, J) share of a factor's entropy told.

    Histograms of 20 bins of equal mass. Few rows, and rows of one note that are alike, look related by chance: that
    much is measured between the codes of one note and the factors of another, and taken out of numerator and
    denominator (Vinh et al., 2010, "adjusted mutual information"), so that 0 is chance and 1 all. NaN where there are
    too few notes to tell the two apart.
    """
    order = _notes_in_random_order(groups, seed)
    code_bins, factor_bins = _bins(codes[order]), _bins(factors[order])
    shifts = np.arange(1, N_SHIFTS + 1) * len(order) // (N_SHIFTS + 1)
    chance = np.mean([_information(code_bins, np.roll(factor_bins, shift, axis=0)) for shift in shifts], axis=0)
    entropy = entr(factor_bins.mean(axis=0, dtype=float)).sum(axis=-1)
    beyond_chance = np.broadcast_to(entropy, chance.shape) - chance
    share = np.full(chance.shape, math.nan)
    decidable = beyond_chance > 0.01 * entropy
    np.divide(_information(code_bins, factor_bins) - chance, beyond_chance, out=share, where=decidable)
    return share.clip(0, 1)


def mutual_information_gap(information: np.ndarray) -> np.ndarray:
    """Mutual information (D, J) as shares of the factors' entropies -> (J,) lead of the best code on the second.

    Chen et al. (2018), "Isolating sources of disentanglement in variational autoencoders", equation 6; a continuous
    factor is binned as the codes are.
    """
    return gap_of_top_two(information)


def modularity(information: np.ndarray) -> float:
    """Mutual information (D, J) -> 1 where each code tells of one factor only, 0 where it tells as much of all.

    Ridgeway and Mozer (2018), "Learning deep disentangled embeddings with the F-statistic loss", section 3. The paper
    counts all codes alike; here a code weighs what it tells of its best factor, or else a residual that tells nothing
    would count as many codes as it is wide. 0 where no code tells anything, NaN with one factor.
    """
    n_factors = information.shape[1]
    if n_factors < 2:
        return math.nan
    best = information.max(axis=1)
    if best.sum() == 0:
        return 0.0
    telling = best > 0
    best, information = best[telling], information[telling]
    of_others = np.square(information).sum(axis=1) - np.square(best)
    by_code = 1 - of_others / (np.square(best) * (n_factors - 1))
    return float(by_code @ best / best.sum())


def _notes_in_random_order(groups: np.ndarray, seed: int) -> np.ndarray:
    """Note of each row (n,) -> (n,) rows sorted by note, the notes in an order that has no pattern to shift along."""
    _, note = np.unique(groups, return_inverse=True)
    place = np.random.default_rng(seed).permutation(note.max() + 1)
    return np.argsort(place[note], kind="stable")


def _bins(values: np.ndarray) -> np.ndarray:
    """Values (n, K) -> (n, K, bins) one where a value lies in the bin; equal values share one."""
    n, _ = values.shape
    ranks = rankdata(values, axis=0) - 0.5
    return np.eye(N_BINS, dtype=np.float32)[(ranks * N_BINS / n).astype(int)]


def _information(code_bins: np.ndarray, factor_bins: np.ndarray) -> np.ndarray:
    """Bins (n, D, bins) and (n, J, bins) -> (D, J) mutual information in nats."""
    joint = np.tensordot(code_bins, factor_bins, axes=(0, 0)).astype(float) / len(code_bins)
    of_code, of_factor = (entr(bins.mean(axis=0, dtype=float)).sum(axis=-1) for bins in (code_bins, factor_bins))
    return of_code[:, None] + of_factor - entr(joint).sum(axis=(1, 3))
