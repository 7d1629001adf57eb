"""The wire: forward nothing happens, backward everything is turned round."""

import pytest
import torch

from lightning_modules.encoders.gradient_reversal import reverse_gradient


def test_forward_is_the_identity():
    """To the bit."""
    x = torch.randn(3, 4)
    assert reverse_gradient(x, 0.7).equal(x)


@pytest.mark.parametrize("strength", [0.0, 0.1, 1.0, 3.0])
def test_the_gradient_is_reversed(strength):
    """Times minus the strength, of a loss that is not linear."""
    x = torch.randn(3, 4, requires_grad=True)
    (plain,) = torch.autograd.grad(x.pow(3).sum(), x)
    (turned,) = torch.autograd.grad(reverse_gradient(x, strength).pow(3).sum(), x)
    torch.testing.assert_close(turned, -strength * plain)


def test_what_comes_after_learns_as_usual():
    """Only what lies before the wire is turned round."""
    x, weight = torch.randn(4, requires_grad=True), torch.randn(4, requires_grad=True)
    (reverse_gradient(x, 0.5) * weight).sum().backward()
    assert weight.grad.equal(x.detach())
    torch.testing.assert_close(x.grad, -0.5 * weight.detach())
