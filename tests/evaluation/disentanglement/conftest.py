"""Notes of several frames whose factors are drawn independently: what a metric of disentanglement takes for granted."""

import numpy as np
import pytest

N_NOTES = 60
N_FRAMES = 10


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def groups():
    """Sixty notes of ten frames."""
    return np.repeat(np.arange(N_NOTES), N_FRAMES)


@pytest.fixture
def draw(rng, groups):
    """(600, width) independent values -1..1, most of their variance between notes, as descriptors have it."""

    def _draw(width):
        by_note = rng.uniform(-1, 1, (N_NOTES, width))[groups]
        return 0.7 * by_note + 0.3 * rng.uniform(-1, 1, (groups.size, width))

    return _draw


@pytest.fixture
def factors(draw):
    """Four of them."""
    return draw(4)


@pytest.fixture
def rotation(rng):
    """(4, 4) orthogonal: mixes all factors into all codes, and loses nothing."""
    return np.linalg.qr(rng.normal(size=(4, 4)))[0]
