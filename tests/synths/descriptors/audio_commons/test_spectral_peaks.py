"""Peaks that stand out from their surroundings."""

import numpy as np
import pytest

from synths.descriptors.audio_commons.spectral_peaks import contrasting_peaks, refined


def test_highest_first_and_only_with_contrast():
    """Two hills and a bump: the bump on the flank of the higher hill is none."""
    curve = np.array([0.0, 0.2, 0.5, 0.4, 0.1, 0.0, 0.3, 0.9, 0.86, 0.85, 0.87, 0.2, 0.0])
    assert contrasting_peaks(curve, 0.1).tolist() == [7, 2]
    assert contrasting_peaks(curve, 0.01).tolist() == [7, 10, 2]
    assert contrasting_peaks(curve, 0.6).tolist() == [7]
    assert not len(contrasting_peaks(np.zeros(8), 0.01))


def test_the_highest_of_a_group_is_kept():
    """Rising shoulders hand over to the top."""
    curve = np.array([0.0, 0.50, 0.1, 0.0, 0.1, 0.80, 0.79, 0.785, 0.82, 0.81, 0.805, 0.83, 0.0])
    assert contrasting_peaks(curve, 0.1).tolist() == [11, 1]


def test_parabola():
    """Three points of a parabola give its top; an edge is left alone."""
    place = np.arange(9.0)
    curve = 1.0 - 0.05 * (place - 4.3) ** 2
    places, heights = refined(np.array([4]), curve)
    assert places[0] == pytest.approx(4.3)
    assert heights[0] == pytest.approx(1.0)
    assert refined(np.array([0]), curve)[0][0] == 0.0
