"""Slopes between what is played and what is heard are learnt from what came of changes."""

import torch

from projection.response import LARGEST_CHANGE, Response


def test_a_linear_sound_is_learnt():
    """Three knobs that pull at each other: each step is a Newton step, and the error is soon gone."""
    true = torch.tensor([[[0.9, 0.2, 0.0], [-0.3, 0.6, 0.1], [0.0, 0.2, 1.1]]])
    missed, response = torch.tensor([[1.0, -2.0, 0.5]]), Response(torch.zeros(1, 3))
    for _ in range(6):
        change = response.wanted(missed, torch.ones(1, 3))
        came = (true @ change[..., None])[..., 0]
        response.learn(change, came)
        if change.norm() > 0.1:
            torch.testing.assert_close((response.slopes @ change[..., None])[..., 0], came)
        missed = missed - came
    assert missed.abs().max() < 0.02


def test_steps_are_bounded_and_finite():
    """Far is reached in several steps; what is no number asks for nothing."""
    response = Response(torch.zeros(2, 2))
    missed = torch.tensor([[100.0, 0.0], [torch.nan, 0.0]])
    wanted = response.wanted(missed, torch.ones(2, 2))
    assert wanted[0, 0] == LARGEST_CHANGE and wanted.isfinite().all()


def test_a_light_knob_gives_way():
    """Where two ask for opposite changes of one thing, the weight decides."""
    response = Response(torch.zeros(1, 2))
    response.slopes = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    wanted = response.wanted(torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 0.1]]))
    torch.testing.assert_close(wanted[0, 0], torch.tensor(0.99 / 1.015), rtol=1e-3, atol=1e-3)
