"""The linear recurrence against the loop that defines it."""

import pytest
import torch

from lightning_modules.decoders.scan import linear_scan


def loop(decay, value, start):
    """h[t] = decay[t] h[t - 1] + value[t], one frame at a time."""
    states, state = [], start
    for t in range(decay.shape[1]):
        state = decay[:, t] * state + value[:, t]
        states.append(state)
    return torch.stack(states, dim=1)


def problem(n_frames):
    """Decays, values and start of 2 clips, 3 units."""
    shape = 2, n_frames, 3
    decay, value, start = torch.rand(shape), torch.randn(shape), torch.randn(2, 3)
    return [x.double().requires_grad_() for x in (decay, value, start)]


@pytest.mark.parametrize("n_frames", [1, 2, 3, 5, 16, 17, 100])
def test_equals_the_loop(n_frames):
    """States and the gradients of all three inputs, for lengths that cut into even pieces and that do not."""
    given = problem(n_frames)
    ours, reference = linear_scan(*given), loop(*given)
    torch.testing.assert_close(ours, reference)
    weight = torch.randn_like(ours)
    gradients = [torch.autograd.grad((states * weight).sum(), given) for states in (ours, reference)]
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_gradients_of_gradients():
    """First and second derivatives equal finite differences."""
    given = problem(7)
    assert torch.autograd.gradcheck(linear_scan, given)
    assert torch.autograd.gradgradcheck(linear_scan, given)


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_extreme_decays(decay):
    """0 forgets everything, 1 is the running sum; both are exact, over hundreds of frames."""
    value = torch.randn(1, 400, 5)
    states = linear_scan(torch.full_like(value, decay), value, torch.zeros(1, 5))
    torch.testing.assert_close(states, value if decay == 0 else value.cumsum(1), rtol=1e-4, atol=1e-4)
