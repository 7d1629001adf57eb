"""Masking slopes along the Bark scale."""

import torch

from synths.descriptors import iso_532_tables as tables
from synths.descriptors.audio_commons.masking_slopes import MaskingSlopes


def in_small_steps(core, step=1e-3):
    """The slopes as a differential equation, dN/dz = -steepness(N), in steps of a hundredth of the grid's."""
    value, values, position = 0.0, [], 0
    for band, end in enumerate(tables.BAND_ENDS_BARK):
        own = core[band] if band < len(core) else 0.0
        while position < round(end / step):
            value = max(value, own)
            if position % 100 == 0:
                values.append(value)
            piece = max(i for i, limit in enumerate(tables.SLOPE_RANGES_SONE) if value >= limit)
            value = max(value - step * tables.SLOPES[piece][min(max(band - 1, 0), 7)], 0.0)
            position += 1
    return torch.tensor([*values[1:], value], dtype=torch.float64)


def test_follows_the_slopes():
    """Exact pieces are what small steps come to."""
    core = torch.rand(5, 20, dtype=torch.float64) ** 4 * 25.0
    slopes = MaskingSlopes().double()(core)
    expected = torch.stack([in_small_steps(each.tolist()) for each in core])
    torch.testing.assert_close(slopes, expected, atol=0.03, rtol=0.0)


def test_gradient():
    """Analytic and numeric slopes agree, and silence has none."""
    core = (torch.rand(2, 20, dtype=torch.float64) * 5.0).requires_grad_()
    assert torch.autograd.gradcheck(MaskingSlopes().double(), core, fast_mode=True)
    nothing = torch.zeros(1, 20)
    assert not MaskingSlopes()(nothing).any()
