"""How far the code that follows a factor best is ahead of the one that follows it second best."""

import numpy as np


def separated_attribute_predictability(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Codes (n, D) and factors (n, J) -> (J,) gap of the two highest R2 of a straight line from one code alone.

    Kumar et al. (2018), "Variational inference of disentangled latent concepts from unlabeled observations",
    section 3, for continuous factors. Constant codes and factors have an R2 of 0.
    """
    correlation = _standardized(codes).T @ _standardized(factors) / len(codes)
    return gap_of_top_two(np.square(correlation))


def gap_of_top_two(scores: np.ndarray) -> np.ndarray:
    """Scores (D, J) of D codes for J factors -> (J,) best less second best; a single code leads 0."""
    rivals = np.vstack([scores, np.zeros_like(scores[:1])]) if len(scores) == 1 else scores
    second, best = np.sort(rivals, axis=0)[-2:]
    return best - second


def _standardized(values: np.ndarray) -> np.ndarray:
    """Values (n, K) -> mean 0 and variance 1 in each column; a constant column becomes 0."""
    centred = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0)
