"""Sounds and pitches as they are handed in: arrays that are looked at before anything is measured."""

from typing import Any

import numpy as np

from synths import ClipFormat
from timbre.pitch_curve import given_pitch

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 384000
SHORTEST_S = 0.1


def samples(audio: Any, rate: Any) -> np.ndarray:
    """An array that was handed in -> (n, channels) float64.

    Raises:
        ValueError: it is no sound at such a rate
    """
    array = np.asarray(audio)
    if array.dtype.kind != "f":
        raise ValueError(f"the sound is an array of {array.dtype}: give floating-point numbers, full scale 1.")
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] > array.shape[0]):
        raise ValueError(f"the sound has the shape {array.shape}: give (samples,) or (samples, channels).")
    if isinstance(rate, bool) or not float(rate).is_integer() or not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise ValueError(
            f"rate {rate} is out of range: give whole samples per second, {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}."
        )
    if array.size == 0 or len(array) < SHORTEST_S * rate:
        raise ValueError(f"the sound lasts {len(array) / rate:.2g} s: give {SHORTEST_S:g} s or more.")
    return array.astype(np.float64).reshape(len(array), -1)


def frames_of_pitch(f0_hz: Any, n_samples: int, clip: ClipFormat) -> np.ndarray:
    """The pitch of a sound of a format as it was handed in: one number, or one for every frame.

    Args:
        f0_hz: in Hz; an array is spread evenly over the sound
        n_samples: of the sound at the format's rate
        clip: the format

    Returns:
        (F,) float32 in Hz, F = ceil(N / hop)

    Raises:
        ValueError: it is no pitch that a sound of this rate can have
    """
    given = np.asarray(f0_hz, np.float64).reshape(-1)
    if not given.size or not np.isfinite(given).all():
        raise ValueError("f0_hz holds no numbers: give Hz, or an array of them, spread evenly over the sound.")
    for extreme in (given.min(), given.max()):
        given_pitch(f"{extreme}", n_samples, clip)
    place = np.linspace(0.0, 1.0, -(-n_samples // clip.hop))
    return np.exp(np.interp(place, np.linspace(0.0, 1.0, len(given)), np.log(given))).astype(np.float32)
