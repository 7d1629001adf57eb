"""Curves on the scale -1..1 of F-RAVE's protocol: a data set's own, and those that are asked of a model.

Devis et al., "Continuous descriptor-based control for deep audio synthesis", ICASSP 2023, and its released code.
Two things about Hz there do not reach the scores: see published_centroid_hz.
"""

from collections.abc import Collection
from typing import NamedTuple

import librosa
import numpy as np

N_SINUSOIDS = 10
HIGHEST_FREQUENCY = 29
"""Highest frequency of a sinusoid, in radians per half curve."""
N_BLENDS = 10
"""Curves from a simple one to a sinusoid."""
N_MORPHS = 50
"""Curves from one item of the data set to another."""
LIBRARY_RATE_HZ = 22050


class PublishedRange(NamedTuple):
    """Least and greatest value of each descriptor over a whole data set, as published: items under test included.

    Shapes: both (C,) in the descriptors' units.
    """

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "PublishedRange":
        """Values (n_items, C, T) -> their range; ValueError for a descriptor that never changes."""
        low, high = values.min(axis=(0, 2)), values.max(axis=(0, 2))
        if not np.all(high > low):
            which = np.flatnonzero(~(high > low)).tolist()
            raise ValueError(
                f"Descriptors {which} have no range in this data set: leave out what is constant or undefined."
            )
        return cls(low, high)

    def normalise(self, values: np.ndarray) -> np.ndarray:
        """Values (..., C, T) in their units -> -1..1, beyond it where they leave the range."""
        return 2 * (values - self.low[:, None]) / (self.high - self.low)[:, None] - 1

    def restore(self, curves: np.ndarray) -> np.ndarray:
        """Curves (..., C, T) on the scale -1..1 -> values in the descriptors' units."""
        return self.low[:, None] + (curves + 1) / 2 * (self.high - self.low)[:, None]


def curves_of(positions: np.ndarray) -> np.ndarray:
    """Knob positions, 0..1 over the training range -> our scale -1..1, beyond it where they leave the range."""
    return 2 * positions - 1


def positions_of(curves: np.ndarray) -> np.ndarray:
    """Our scale -1..1 -> knob positions 0..1."""
    return (curves + 1) / 2


def resample_frames(values: np.ndarray, n_frames: int, as_published: bool = False) -> np.ndarray:
    """Series (..., F) -> (..., n_frames), first frame on first and last on last, linear in between.

    As published, librosa treats the series as audio of F samples a second: band-limited, it rings at the ends.
    """
    n_given = values.shape[-1]
    if as_published:
        return np.asarray(librosa.resample(values, orig_sr=n_given, target_sr=n_frames, axis=-1))
    place = np.linspace(0, n_given - 1, n_frames)
    before = np.minimum(place.astype(int), max(n_given - 2, 0))
    after = np.minimum(before + 1, n_given - 1)
    return values[..., before] + (place - before) * (values[..., after] - values[..., before])


def published_centroid_hz(centroid_hz: np.ndarray, sample_rate: int) -> np.ndarray:
    """Spectral centroid in Hz -> what the released code calls it, which gives librosa no sample rate.

    librosa then assumes 22,050 Hz, so that audio at another rate gets Hz that are too high or too low by one factor
    (bandwidth likewise). The range of the data set carries the same factor: scores on the scale -1..1 do not change.
    """
    return centroid_hz * LIBRARY_RATE_HZ / sample_rate


def target_pool(pair: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Series (2, T) of two items -> (75, T): what one descriptor may be asked for in one batch.

    Five simple curves (rest, top, bottom, rise, fall), ten sinusoids, ten blends of one simple curve into one sinusoid,
    fifty morphs of the first item into the second.
    """
    rise = np.linspace(-1, 1, pair.shape[-1])
    simple = np.stack([np.zeros_like(rise), np.ones_like(rise), -np.ones_like(rise), rise, -rise])
    frequency = rng.integers(1, HIGHEST_FREQUENCY, size=(N_SINUSOIDS, 1), endpoint=True)
    sinusoids = np.sin(frequency * rise + 2 * np.pi * rng.standard_normal((N_SINUSOIDS, 1)))
    blends = _between(rng.choice(simple), rng.choice(sinusoids), N_BLENDS)
    return np.concatenate([simple, sinusoids, blends, _between(pair[0], pair[1], N_MORPHS)])


def draw_targets(
    curves: np.ndarray, own_curves: np.ndarray, rng: np.random.Generator, swapped: Collection[int] | None = None
) -> np.ndarray:
    """What a batch is asked for: each descriptor has a pool, from which each example draws one curve.

    Two items of the data set, the same for all descriptors, lend the pools their curves.

    Args:
        curves: (n_items, C, T) of the data set
        own_curves: (B, C, T) of the batch
        rng: its state decides
        swapped: indices of the descriptors that are asked for something new; the others keep `own_curves`. None: all

    Returns:
        (B, C, T)
    """
    n_examples, n_descriptors, _ = own_curves.shape
    pair = curves[rng.integers(len(curves), size=2)]
    targets = own_curves.copy()
    for descriptor in range(n_descriptors) if swapped is None else swapped:
        targets[:, descriptor] = rng.choice(target_pool(pair[:, descriptor], rng), size=n_examples)
    return targets


def _between(first: np.ndarray, last: np.ndarray, n_curves: int) -> np.ndarray:
    """Curves (T,) -> (n_curves, T) in equal steps from the first to the last, both included."""
    return np.linspace(first, last, n_curves)
