"""The rate at which a recording is measured and taken apart, and the way there and back."""

from typing import NamedTuple

import numpy as np
import soxr

LOWEST_HZ, HIGHEST_HZ = 16000, 48000


class WorkingRate(NamedTuple):
    """A rate of 16 to 48 kHz: `up` times and one `down`-th of the file's.

    Attributes:
        file_rate: samples per second of the file
        up: whole factor
        down: whole divisor; up or down is 1
    """

    file_rate: int
    up: int
    down: int

    @classmethod
    def of(cls, file_rate: int) -> "WorkingRate":
        """For a file at any rate."""
        return cls(file_rate, max(1, -(-LOWEST_HZ // file_rate)), max(1, -(-file_rate // HIGHEST_HZ)))

    @property
    def rate(self) -> int:
        """Samples per second."""
        return round(self.file_rate * self.up / self.down)

    @property
    def hop(self) -> int:
        """Samples per frame of about 10 ms."""
        return self.file_hop * self.up // self.down

    @property
    def file_hop(self) -> int:
        """Samples of the file per frame."""
        return round(self.file_rate / 100 / self.down) * self.down

    def there(self, audio: np.ndarray) -> np.ndarray:
        """(n,) of the file -> (ceil(n up / down),) float32."""
        if self.up == self.down:
            return np.ascontiguousarray(audio, dtype=np.float32)
        resampled = soxr.resample(audio, self.down, self.up).astype(np.float32)
        return _as_long(resampled, -(-len(audio) * self.up // self.down))

    def back(self, change: np.ndarray, n_in_file: int) -> np.ndarray:
        """(N,) at this rate -> (n_in_file,) float64 at the file's."""
        if self.up != self.down:
            change = soxr.resample(change.astype(np.float64), self.up, self.down)
        return _as_long(change.astype(np.float64), n_in_file)


def _as_long(audio: np.ndarray, n_samples: int) -> np.ndarray:
    return np.pad(audio[:n_samples], (0, max(0, n_samples - len(audio))))
