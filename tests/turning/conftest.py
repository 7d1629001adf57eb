"""Sounds that tests turn: their partials, noise and pitch are known."""

import numpy as np
import pytest

RATE = 16000


def tone(f0_hz, seconds=0.6, rate=RATE, slope=1.0, noise=1e-3, level=0.2, seed=0):
    """(n,) harmonics 1/k^slope along a pitch, a number or (n,), in noise."""
    random = np.random.default_rng(seed)
    n = round(seconds * rate)
    pitch = np.broadcast_to(f0_hz, n)
    turns = 2 * np.pi * (np.cumsum(pitch) - pitch) / rate
    audio = np.zeros(n)
    for number in range(1, int(0.45 * rate / pitch.max()) + 1):
        audio += number**-slope * np.cos(number * turns + random.uniform(0, 2 * np.pi))
    return level * audio / np.abs(audio).max() + noise * random.standard_normal(n)


@pytest.fixture
def make_tone():
    return tone
