"""What the residual still says of the descriptors that the knobs are there for."""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import scale

from evaluation.bootstrap import draws
from evaluation.disentanglement.probe import best_held_out_prediction


class Explained(NamedTuple):
    """R2 on held-out notes and its 95 % bootstrap interval over notes, each (J + 1,): the factors, then their mean."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Leakage(NamedTuple):
    """What fresh probes explain of the factors.

    Attributes:
        residual: from the residual alone
        beyond_pitch: from residual and pitch, less what pitch alone explains
        pitch: from pitch alone, which the decoder is told anyway
        residual_and_pitch: from both
    """

    residual: Explained
    beyond_pitch: Explained
    pitch: Explained
    residual_and_pitch: Explained


def measure_leakage(
    residual: np.ndarray, factors: np.ndarray, f0_midi: np.ndarray, groups: np.ndarray, seed: int = 0
) -> Leakage:
    """Residual (n, D), factors (n, J), pitch (n,) of rows in notes `groups` (n,) -> shares 0..1; 0 where D is 0.

    The probes are trained here and only here, since a critic that took part in training has been taught not to see.
    What is worse than predicting the mean counts 0.

    Raises:
        ValueError: if there are fewer than five notes
    """
    pitch = _resampled(f0_midi[:, None], factors, groups, seed)
    alone, both = np.zeros_like(pitch), pitch
    if residual.shape[1] > 0:
        alone = _resampled(residual, factors, groups, seed)
        both = _resampled(np.column_stack([residual, f0_midi]), factors, groups, seed)
    beyond_pitch = (both - pitch).clip(min=0)
    return Leakage(_explained(alone), _explained(beyond_pitch), _explained(pitch), _explained(both))


def _resampled(inputs: np.ndarray, factors: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Inputs (n, D) and factors (n, J) -> (1 + R, J) R2 of the notes as they are, then of notes redrawn."""
    targets = scale(factors)
    errors = targets - best_held_out_prediction(inputs, factors, groups, seed)
    names, note = np.unique(groups, return_inverse=True)
    member = (note == np.arange(names.size)[:, None]).astype(float)
    counts = np.vstack([np.ones(names.size), draws(names.size)])
    n_rows = counts @ member.sum(axis=1, keepdims=True)
    squares, sums, squared_errors = (counts @ (member @ term) for term in (targets**2, targets, errors**2))
    spread = squares - sums**2 / n_rows
    return (1 - np.divide(squared_errors, spread, out=np.ones_like(spread), where=spread > 0)).clip(min=0)


def _explained(resampled: np.ndarray) -> Explained:
    """R2 (1 + R, J) -> values and interval ends, the mean over factors appended."""
    with_mean = np.column_stack([resampled, resampled.mean(axis=1)])
    low, high = np.percentile(with_mean[1:], [2.5, 97.5], axis=0)
    return Explained(with_mean[0], low, high)
