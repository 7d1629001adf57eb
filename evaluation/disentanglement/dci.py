"""Disentanglement, completeness and informativeness of codes, from which codes a regression on each factor relies on.

Eastwood and Williams (2018), "A framework for the quantitative evaluation of disentangled representations".
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import entropy
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GroupShuffleSplit

HELD_OUT = 0.3
"""Share of the notes on which the regressions are judged."""


class DCI(NamedTuple):
    """What a regression on each factor shows of the codes.

    Attributes:
        disentanglement: 1 where each code serves one factor, 0 where each serves all alike; NaN with one factor
        completeness: 1 where each factor is in one code, 0 where it is spread over all; NaN with one code
        informativeness: (J,) R2 on held-out notes, at least 0
        importance: (D, J) how much of that R2 is lost when a code is shuffled, at least 0
    """

    disentanglement: float
    completeness: float
    informativeness: np.ndarray
    importance: np.ndarray


def measure_dci(codes: np.ndarray, factors: np.ndarray, groups: np.ndarray, seed: int = 0) -> DCI:
    """Codes (n, D) and factors (n, J) of rows in notes `groups` (n,) -> their DCI; 0 where nothing can be predicted.

    Two departures from the paper (section 2). Informativeness is an error there, R2 here. Importance is the impurity
    that a code removes in training there; here it is counted on held-out notes, since trees given slowly varying codes
    tell the training notes apart by codes that mean nothing.
    """
    split = GroupShuffleSplit(n_splits=1, test_size=HELD_OUT, random_state=seed)
    train, test = next(split.split(codes, groups=groups))
    informativeness = np.zeros(factors.shape[1])
    importance = np.zeros((codes.shape[1], factors.shape[1]))
    for index, factor in enumerate(factors.T):
        trees = GradientBoostingRegressor(n_estimators=60, max_depth=4, subsample=0.5, random_state=seed)
        trees.fit(codes[train], factor[train])
        informativeness[index] = max(0.0, trees.score(codes[test], factor[test]))
        if informativeness[index] > 0:
            lost = permutation_importance(trees, codes[test], factor[test], n_repeats=5, random_state=seed)
            importance[:, index] = lost.importances_mean.clip(min=0)
    return DCI(disentanglement(importance), completeness(importance), informativeness, importance)


def disentanglement(importance: np.ndarray) -> float:
    """Importance (D, J) -> how far each code serves one factor, codes weighted by their share of all importance."""
    by_code = _concentration(importance)
    weights = importance.sum(axis=1)
    # Without any importance all codes are alike and serve nothing, and their mean is 0.
    return float(np.average(by_code, weights=weights if weights.any() else None))


def completeness(importance: np.ndarray) -> float:
    """Importance (D, J) -> how far each factor is in one code, mean over factors; one found in no code counts 0."""
    return float(_concentration(importance.T).mean())


def _concentration(profiles: np.ndarray) -> np.ndarray:
    """Profiles (rows, columns) -> (rows,) 1 less their entropy in units of its maximum; 0 for a profile of zeros."""
    n_columns = profiles.shape[1]
    if n_columns < 2:
        return np.full(len(profiles), math.nan)
    # A profile of zeros says as little as a flat one.
    flat = np.where(profiles.sum(axis=1, keepdims=True) > 0, profiles, 1)
    return (1 - entropy(flat, axis=1, base=n_columns)).clip(0, 1)
