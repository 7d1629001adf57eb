"""Which clips of a split are used, in which order, with which labels: all that a run needs beside the shards."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from output.replaced import update


class Selection(NamedTuple):
    """The clips of one split that pass one choice of filters.

    Shapes: rows (n, 2) int32, shard and row of each clip; scales (n, 2) float32, of sound and untouched sound; labels
    (n, L) float32, NaN where a label is missing. skipped: why each of the others is left out, by name; remarks: how
    many clips something was noticed of; listing: what the data set looked like, "" if it cannot tell.
    """

    names: list[str]
    rows: np.ndarray
    scales: np.ndarray
    labels: np.ndarray
    label_names: list[str]
    skipped: dict[str, str]
    remarks: dict[str, int]
    listing: str

    def shards(self) -> list[int]:
        """Numbers of those that hold its clips."""
        numbers: list[int] = np.unique(self.rows[:, 0]).tolist()
        return numbers

    def save(self, path: Path) -> None:
        """Write it whole or not at all, and nothing where it is there already; raises OSError."""
        words = {field: value for field, value in self._asdict().items() if not isinstance(value, np.ndarray)}
        text = np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)
        content = io.BytesIO()
        np.savez(content, text=text, rows=self.rows, scales=self.scales, labels=self.labels)
        update(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Selection | None":
        """As it was saved; None if it never was, or is damaged."""
        try:
            with np.load(path) as file:
                words: dict[str, Any] = json.loads(file["text"].tobytes())
                return cls(rows=file["rows"], scales=file["scales"], labels=file["labels"], **words)
        except (OSError, ValueError, EOFError, KeyError, TypeError, BadZipFile):
            return None


def label_table(labels: Sequence[Mapping[str, float]]) -> tuple[list[str], np.ndarray]:
    """Labels of n clips -> every label's name, and (n, L) values, NaN where a clip lacks one."""
    names = list(dict.fromkeys(name for each in labels for name in each))
    table = [[each.get(name, np.nan) for name in names] for each in labels]
    return names, np.array(table, dtype=np.float32).reshape(len(labels), len(names))
