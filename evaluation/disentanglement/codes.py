"""The rows that codes are judged on: what a model said beside what was measured, each row knowing its note."""

from typing import NamedTuple

import numpy as np

MAX_ROWS = 3000
"""More rows make the figures slower and hardly steadier: frames of one note are much alike."""


class Rows(NamedTuple):
    """Frames or whole notes, n of them.

    Attributes:
        codes: (n, D_total) all that the decoder is told beside pitch: controls, then residual
        residual: (n, D) the part of it that no knob is named for
        factors: (n, J) measured descriptors, in any unit
        f0_midi: (n,) pitch in semitones
        groups: (n,) index of the note that the row belongs to
    """

    codes: np.ndarray
    residual: np.ndarray
    factors: np.ndarray
    f0_midi: np.ndarray
    groups: np.ndarray

    @property
    def n_notes(self) -> int:
        """How many notes the rows come from."""
        return np.unique(self.groups).size


def usable_rows(rows: Rows, seed: int = 0) -> Rows:
    """Rows -> those in which everything is a finite number, at most MAX_ROWS of them, drawn at random by the seed.

    Raises:
        ValueError: if an array has the wrong number of dimensions or not as many rows as the codes
    """
    _check(rows)
    finite = np.all([np.isfinite(array).all(axis=tuple(range(1, array.ndim))) for array in rows], axis=0)
    kept = np.flatnonzero(finite)
    if kept.size > MAX_ROWS:
        kept = np.sort(np.random.default_rng(seed).choice(kept, MAX_ROWS, replace=False))
    return Rows(*(array[kept] for array in rows))


def _check(rows: Rows) -> None:
    """Raise ValueError unless all arrays have their dimensions and the same number of rows."""
    for name, array in rows._asdict().items():
        n_dimensions = 1 if name in ("f0_midi", "groups") else 2
        if array.ndim != n_dimensions:
            raise ValueError(f"{name} has shape {array.shape}: give it {n_dimensions} dimension(s), rows first")
        if len(array) != len(rows.codes):
            raise ValueError(
                f"{name} has {len(array)} rows and codes {len(rows.codes)}: give one row per frame or note"
            )
