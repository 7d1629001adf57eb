"""Distance correlation: known values, a direct computation, and gradients where sounds repeat."""

import numpy as np
import pytest
import torch

from lightning_modules.encoders.distance_correlation import squared_distance_correlation


def directly(x, y):
    """The definition of Szekely & Rizzo (2014), element by element."""

    def centred(rows):
        n = len(rows)
        a = np.array([[np.linalg.norm(one - other) for other in rows] for one in rows])
        result = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                if i != j:
                    result[i, j] = a[i, j] - a[i].sum() / (n - 2) - a[:, j].sum() / (n - 2)
                    result[i, j] += a.sum() / ((n - 1) * (n - 2))
        return result

    def product(a, b):
        return (a * b).sum() / (len(a) * (len(a) - 3))

    a, b = centred(x.double().numpy()), centred(y.double().numpy())
    return product(a, b) / np.sqrt(product(a, a) * product(b, b))


@pytest.mark.parametrize("n", [4, 5, 12])
@pytest.mark.parametrize(("n_controls", "residual_size"), [(1, 1), (3, 2)])
def test_equals_the_definition(n, n_controls, residual_size):
    """For few rows, and sets of different widths."""
    x = torch.randn(n, n_controls)
    y = torch.randn(n, residual_size) + x[:, :1]
    assert squared_distance_correlation(x, y).item() == pytest.approx(directly(x, y), abs=1e-4)


def test_the_same_up_to_rotation_scale_and_shift_is_1():
    """Distances are all that counts."""
    x = torch.randn(50, 3)
    rotation, _ = torch.linalg.qr(torch.randn(3, 3))
    assert squared_distance_correlation(x, 4.0 * x @ rotation + 7.0).item() == pytest.approx(1.0, abs=1e-4)


def test_the_independent_are_0_in_expectation():
    """The mean over 400 draws is 0 within three standard errors, though the sample of 20 is small."""
    drawn = torch.stack([squared_distance_correlation(torch.randn(20, 4), torch.randn(20, 4)) for _ in range(400)])
    assert drawn.min() < 0
    assert drawn.mean().abs() < 3 * drawn.std() / 20 < 0.02


def test_finds_what_no_line_follows():
    """A square of what is symmetric about 0 has no linear correlation with it."""
    x = torch.linspace(-1, 1, 101)[:, None]
    assert np.corrcoef(x[:, 0], x[:, 0].square())[0, 1] == pytest.approx(0, abs=1e-6)
    assert squared_distance_correlation(x, x.square()) > 0.15


def test_is_symmetric():
    """Neither of the two comes first."""
    x, y = torch.randn(30, 3), torch.randn(30, 2)
    y[:, 0] += x[:, 0]
    torch.testing.assert_close(squared_distance_correlation(x, y), squared_distance_correlation(y, x))


@pytest.mark.parametrize("repeated", ["some", "all of one", "all of both"])
def test_gradients_are_finite_where_rows_repeat(repeated):
    """A held note is the same frame again and again: the distance has no slope there."""
    x, y = torch.randn(12, 3), torch.randn(12, 2)
    x[1:4], y[1:4] = x[0], y[0]
    if repeated != "some":
        x[:] = x[0]
    if repeated == "all of both":
        y[:] = y[0]
    value = squared_distance_correlation(x.requires_grad_(), y.requires_grad_())
    gradients = torch.autograd.grad(value, [x, y])
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert repeated == "some" or value == 0


def test_its_gradient_leads_to_independence():
    """Some steps down it take what copied a number to where it says little of it."""
    x = torch.randn(60, 2)
    y = torch.cat([x[:, :1], torch.randn(60, 1)], dim=1).requires_grad_()
    before = squared_distance_correlation(x, y).item()
    for _ in range(40):
        (gradient,) = torch.autograd.grad(squared_distance_correlation(x, y), y)
        y = (y - 30.0 * gradient).detach().requires_grad_()
    assert squared_distance_correlation(x, y) < 0.1 * before


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_rows_say_nothing(n):
    """0, with a gradient of 0: a batch may be silent."""
    x, y = torch.randn(n, 3, requires_grad=True), torch.randn(n, 2, requires_grad=True)
    value = squared_distance_correlation(x, y)
    assert value == 0
    assert not any(gradient.any() for gradient in torch.autograd.grad(value, [x, y]))
