"""Upper slopes: against a walk down the standard's table in tiny steps, and their gradient."""

import numpy as np
import pytest
import torch

from synths.descriptors.hearing.iso_532_tables import BAND_ENDS_BARK, SLOPE_RANGES_SONE, SLOPES
from synths.descriptors.hearing.upper_slopes import UpperSlopes

every_kind = pytest.mark.parametrize("end_included", [True, False])


def walk(core, end_included, steps_per_place=50):
    """(20, T) loudness of the bands -> (240, T), falling step by step as the table says."""
    heard, loudness = [], np.zeros(core.shape[1])
    slopes, silent = np.array(SLOPES), np.zeros((1, core.shape[1]))
    for step in range(240 * steps_per_place):
        band = np.searchsorted(BAND_ENDS_BARK, (step + 0.5) / (10 * steps_per_place))
        piece = np.searchsorted(SLOPE_RANGES_SONE, loudness, side="right") - 1
        fallen = loudness - slopes[piece, min(max(band - 1, 0), 7)] / (10 * steps_per_place)
        loudness = np.maximum(fallen, np.concatenate([core, silent])[band]).clip(0.0)
        if step % steps_per_place == steps_per_place - 1:
            place = (step + 1) / (10 * steps_per_place)
            of_place = np.searchsorted(BAND_ENDS_BARK[:-1], place, side="left" if end_included else "right")
            heard.append(np.maximum(loudness, np.concatenate([core, silent])[of_place]))
    return np.stack(heard)


def random_core(n, quiet):
    """(20, n) loudness up to 30 sone/Bark in float64, about half of the bands much quieter."""
    core = 30.0 * torch.rand(20, n, dtype=torch.float64) ** 4
    return torch.where(torch.rand(20, n) < 0.5, core, quiet * core) + 0.01 * (quiet > 0.0)


@every_kind
def test_as_the_table_says(end_included):
    """Loud, quiet and silent bands in any order."""
    core = torch.cat([random_core(20, quiet=0.0), random_core(20, quiet=0.01), 0.02 * random_core(20, quiet=0.0)], 1)
    heard = UpperSlopes(end_included).double()(core).numpy()
    np.testing.assert_allclose(heard, walk(core.numpy(), end_included), atol=0.02)


@every_kind
def test_one_band_alone(end_included):
    """Nothing below it, itself within it, and from there down to silence; its lower end is the choice."""
    core = torch.zeros(20, 1)
    core[8] = 5.0
    heard = UpperSlopes(end_included)(core)[:, 0]
    assert heard[:78].max() == 0.0 and heard[78] == (0.0 if end_included else 5.0)
    assert (heard[79:91] == 5.0).all() and heard[91] == pytest.approx(5.0)
    assert (heard[91:].diff() <= 0.0).all() and heard[92] == pytest.approx(5.0 - 0.1 * 1.7, abs=1e-4)
    assert heard[120] > 0.0 and heard[-1] == 0.0


@every_kind
def test_gradient_is_exact(end_included):
    """Finite differences in float64, where no band is on the edge of another."""
    core = random_core(2, quiet=0.02).requires_grad_()
    assert torch.autograd.gradcheck(UpperSlopes(end_included).double(), core, eps=1e-7, atol=1e-4, fast_mode=True)


@every_kind
def test_silence(end_included):
    """Nothing is heard."""
    heard = UpperSlopes(end_included)(torch.zeros(20, 3))
    assert heard.shape == (240, 3) and not heard.any()


@every_kind
def test_at_once_is_the_same(end_included):
    """What a graph computes in few steps: ways and loudness, of loud, quiet and silent bands."""
    core = torch.cat([random_core(40, quiet=0.0), random_core(40, quiet=0.01), torch.zeros(20, 1)], dim=1)
    slopes = UpperSlopes(end_included).double()  # whose tables have been rounded to single precision
    torch.testing.assert_close(slopes.ways_at_once(core), slopes.ways(core)[0], rtol=1e-6, atol=2e-6)
    torch.testing.assert_close(slopes.heard_at_once(core), slopes(core), rtol=1e-6, atol=2e-6)
