"""Turned knobs: one per clip, to a mean within the range, and the error of what is then measured."""

import pytest
import torch

from lightning_modules.losses.turned_knobs import knob_error, mean_position, turn_one_knob


@pytest.fixture
def sounding():
    """(64, 9) clips that sound for 4 to 9 frames."""
    lengths = 4 + torch.arange(64) % 6
    return (torch.arange(9) < lengths[:, None]).float()


def test_mean_over_sounding_frames():
    """By hand; a clip that never sounds has the mean 0."""
    controls = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [99.0, 99.0]], [[5.0, 5.0]] * 3])
    mean = mean_position(controls, torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]))
    assert mean.tolist() == [[2.0, 20.0], [0.0, 0.0]]


def test_mean_is_exact_in_mixed_precision(sounding):
    """A knob's error is a few thousandths of its range: bfloat16 would round it away."""
    controls = torch.rand(64, 9, 3)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = mean_position(controls, sounding)
    assert mixed.equal(mean_position(controls, sounding))


def test_one_knob_moves_and_keeps_its_contour(sounding):
    """In each clip one knob is offset by the same amount in every frame; the others are untouched."""
    controls = torch.rand(64, 9, 4)
    asked, turned = turn_one_knob(controls, mean_position(controls, sounding))
    assert turned.sum(1).eq(1).all()
    moved = asked - controls
    assert (moved.abs().amax(1) > 0).equal(turned.bool())
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-6, rtol=0)


def test_the_new_mean_is_uniform_in_range(sounding):
    """Drawn anew from 0..1, wherever the knob was; every knob has its turn."""
    controls = 5.0 * torch.randn(64, 9, 4)
    asked, turned = turn_one_knob(controls, mean_position(controls, sounding))
    mean = (mean_position(asked, sounding) * turned).sum(1)
    assert mean.min() > -1e-5 and mean.max() < 1 + 1e-5
    assert mean.min() < 0.15 and mean.max() > 0.85 and mean.mean().item() == pytest.approx(0.5, abs=0.12)
    assert (turned.sum(0) > 5).all()


def test_one_knob_only():
    """A model with a single knob turns that one."""
    _, turned = turn_one_knob(torch.rand(64, 9, 1), torch.rand(64, 1))
    assert turned.eq(1).all()


def test_knob_error():
    """Mean absolute distance over the sounding frames, by hand."""
    asked = torch.zeros(1, 4, 2)
    measured = torch.tensor([[[0.1, -0.4], [-0.3, 0.0], [0.2, 0.2], [100.0, -100.0]]])
    error = knob_error(asked, measured, torch.tensor([[1.0, 1.0, 1.0, 0.0]]))
    torch.testing.assert_close(error, torch.tensor([[0.2, 0.2]]))


def test_knob_error_teaches(sounding):
    """Its gradient pulls the measured position to the asked one, in sounding frames only."""
    asked, measured = torch.rand(64, 9, 3), torch.rand(64, 9, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(knob_error(asked, measured, sounding).sum(), measured)
    expected = (measured.detach() - asked).sign() * (sounding / sounding.sum(1, keepdim=True))[..., None]
    torch.testing.assert_close(gradient, expected)
