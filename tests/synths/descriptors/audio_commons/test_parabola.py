"""The weight of a region of the Bark scale."""

import pytest
import torch

from synths.descriptors.audio_commons.parabola import parabola


def test_top_of_a_bell():
    """Zero at the first point and outside, one in the middle, near enough a parabola between."""
    weight = parabola(10, 40)
    assert not weight[:11].any()
    assert not weight[40:].any()
    assert weight[25] == 1.0
    expected = 1.0 - ((torch.arange(10, 40) - 25.0) / 15.0) ** 2
    assert (weight[10:40] - expected).abs().max() == pytest.approx(0.0, abs=0.01)
