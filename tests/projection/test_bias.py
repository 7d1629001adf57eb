"""What is asked in advance follows what came of it."""

import pytest
import torch

from projection.bias import LARGEST_BIAS, Bias

GOING, NEAR = torch.tensor([True]), torch.zeros(1, 2, dtype=torch.bool)


def test_what_arrives_by_half_is_asked_for_twice():
    """The first step trusts that all arrives; the second knows better, and is as large again for half as much."""
    bias = Bias(torch.zeros(1, 2))
    bias.follow(torch.tensor([[1.0, 0.0]]), NEAR, GOING)
    first = bias.change.clone()
    bias.learn(0.5 * first)
    bias.follow(torch.tensor([[0.5, 0.0]]), NEAR, GOING)
    assert first[0].tolist() == pytest.approx([1.0, 0.0], abs=0.03)
    assert bias.change[0].tolist() == pytest.approx([1.0, 0.0], abs=0.1)


def test_what_does_not_go_on_and_what_is_far_ask_for_little():
    far = torch.tensor([[True, False]])
    stays, held = Bias(torch.zeros(1, 2)), Bias(torch.zeros(1, 2))
    stays.follow(torch.ones(1, 2), NEAR, ~GOING)
    held.follow(torch.ones(1, 2), far, GOING)
    assert stays.value.tolist() == [[0.0, 0.0]]
    assert held.value[0, 0] < 0.5 and held.value[0, 1] == pytest.approx(1.0, abs=0.03)


def test_no_more_is_asked_than_the_limit():
    bias = Bias(torch.zeros(1, 1))
    for _ in range(9):
        bias.follow(torch.full((1, 1), 50.0), NEAR[:, :1], GOING)
    assert float(bias.value) == LARGEST_BIAS
