"""How alike descriptors are on many notes, when all notes have the same pitch."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.stats import rankdata

from benchmarks.recorded_notes import PITCH, Numbers


class RankCorrelations:
    """Spearman's rank correlations, partial: what the rank of the pitch explains linearly is taken off both ranks.

    `with_pitch` (D,) and `partial` (D, D) are in the order of `names`.

    Args:
        notes: the numbers of each
        names: the descriptors
    """

    def __init__(self, notes: Sequence[Numbers], names: Sequence[str]) -> None:
        self.names, self.n_notes = list(names), len(notes)
        self.ranks, self.pitch = ranks(notes, names), ranks(notes, [PITCH])
        self.with_pitch = correlation(np.hstack([self.pitch, self.ranks]))[0, 1:]
        self.partial = correlation(residual(self.ranks, self.pitch))

    def between(self, a: str, b: str) -> float:
        """Partial correlation of two descriptors."""
        return float(self.partial[self.names.index(a), self.names.index(b)])

    def effective_dimension(self, names: Iterable[str]) -> float:
        """(Sum of eigenvalues)^2 / sum of their squares, of the partial correlations among some descriptors.

        As many as there are if they are independent, 1 if they are one (the participation ratio).
        """
        places = [self.names.index(name) for name in names]
        eigenvalues = np.linalg.eigvalsh(self.partial[np.ix_(places, places)])
        return float(eigenvalues.sum() ** 2 / np.square(eigenvalues).sum())

    def explained(self, name: str, others: Sequence[str]) -> float:
        """R^2 of the ranks of one descriptor from those of the pitch and of others."""
        target = self.ranks[:, [self.names.index(name)]]
        given = np.hstack([self.pitch, self.ranks[:, [self.names.index(other) for other in others]]])
        return 1.0 - float(np.square(residual(target, given)).sum() / np.square(target).sum())

    def strongest(self, n_pairs: int) -> list[tuple[str, str]]:
        """The pairs of descriptors that are most alike, or most opposite."""
        pairs = [(a, b) for place, a in enumerate(self.names) for b in self.names[place + 1 :]]
        return sorted(pairs, key=lambda pair: -abs(self.between(*pair)))[:n_pairs]


def ranks(notes: Sequence[Numbers], names: Sequence[str]) -> np.ndarray:
    """(n, D) ranks of each descriptor among the notes, less their mean."""
    ranked = rankdata([[note[name] for name in names] for note in notes], axis=0)
    return np.asarray(ranked - ranked.mean(0))


def residual(values: np.ndarray, given: np.ndarray) -> np.ndarray:
    """(n, D) values less what (n, G) others explain of them linearly; all have a mean of 0."""
    return np.asarray(values - given @ np.linalg.lstsq(given, values, rcond=None)[0])


def correlation(values: np.ndarray) -> np.ndarray:
    """(n, D) values with a mean of 0 -> (D, D)."""
    length = np.sqrt(np.square(values).sum(0))
    unit = values / np.where(length > 0.0, length, 1.0)
    return np.asarray(unit.T @ unit)
