"""Sounds too long for the memory: samples that are read and added stretch by stretch."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class Samples(Protocol):
    """A sound of which stretches can be read."""

    @property
    def n_samples(self) -> int:
        """N, how long it is."""

    def read(self, start: int, n: int) -> Tensor:
        """The (n,) samples from `start` on; fewer where it ends before."""


class InMemory:
    """An array of (N,) samples."""

    def __init__(self, audio: Tensor) -> None:
        self.audio = audio

    @property
    def n_samples(self) -> int:
        """N."""
        return len(self.audio)

    def read(self, start: int, n: int) -> Tensor:
        """The samples from `start` on."""
        return self.audio[start : start + n]


class OnDisk:
    """Samples in a file without a name, which is gone when it is closed, or when the process dies.

    Args:
        folder: where there is room for it, 4 bytes per sample
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)
        self.n_samples = 0

    def __enter__(self) -> "OnDisk":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, audio: Tensor | np.ndarray) -> None:
        """Write (n,) samples behind those that are there."""
        self._file.seek(4 * self.n_samples)
        self._file.write(np.asarray(audio, np.float32).tobytes())
        self.n_samples += len(audio)

    def read(self, start: int, n: int) -> Tensor:
        """The samples from `start` on."""
        self._file.seek(4 * start)
        n = max(0, min(n, self.n_samples - start))
        return torch.from_numpy(np.frombuffer(self._file.read(4 * n), np.float32).copy())


class Scaled:
    """Samples times a number."""

    def __init__(self, samples: Samples, gain: float) -> None:
        self.samples, self.gain = samples, gain

    @property
    def n_samples(self) -> int:
        """N."""
        return self.samples.n_samples

    def read(self, start: int, n: int) -> Tensor:
        """The samples from `start` on."""
        return self.gain * self.samples.read(start, n)


def each_block(samples: Samples, n: int = 2**18) -> Iterator[Tensor]:
    """All samples in order, (n,) after (n,)."""
    for start in range(0, samples.n_samples, n):
        yield samples.read(start, n)
