"""Damped least squares are those of double precision; a linear system is solved."""

import pytest
import torch

from lightning_modules.least_change import least_change, solved


def test_a_system_is_solved():
    """As torch does it."""
    slopes, wanted = torch.randn(3, 7, 5), torch.randn(3, 5)
    system = slopes.mT @ slopes + 0.01 * torch.eye(5)
    torch.testing.assert_close(solved(system, wanted), torch.linalg.solve(system, wanted), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("n_knobs", [1, 2, 4])
def test_of_few_knobs_what_none_tells_of_does_not_move(n_knobs):
    """As in double precision, to the last digits: by way of the gains it would be a thousand times as far off."""
    torch.manual_seed(0)
    slopes, wanted = 5.0 * torch.randn(4, n_knobs, 5), 5.0 * torch.randn(4, n_knobs, 1)
    exact = slopes.double()
    system = exact.mT @ exact + 0.01 * torch.eye(5, dtype=torch.float64)
    expected = torch.linalg.solve(system, (exact.mT @ wanted.double())[..., 0])
    torch.testing.assert_close(least_change(slopes, wanted, 0.01).double(), expected, atol=2e-6, rtol=2e-5)
