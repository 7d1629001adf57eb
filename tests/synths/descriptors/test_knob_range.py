"""Positions and units, and what notes of each pitch reach."""

import pytest
import torch

from synths.descriptors.knob_range import KnobRange

PERCENTILES = (1.0, 99.0)


@pytest.mark.parametrize("curve", ["linear", "log"])
def test_position_and_value_are_inverse(curve):
    """0 and 1 are the ends; position_of and value_at undo one another, beyond the ends too."""
    knob = KnobRange((100.0, 6400.0), curve)
    torch.testing.assert_close(knob.value_at(torch.tensor([0.0, 1.0])), knob.span)
    position = torch.tensor([-0.5, 0.0, 0.25, 1.0, 1.5])
    torch.testing.assert_close(knob.position_of(knob.value_at(position)), position)


def test_curves():
    """Half way is the mean of the ends, or their geometric mean."""
    assert KnobRange((100.0, 6400.0)).value_at(torch.tensor(0.5)).item() == pytest.approx(3250.0)
    assert KnobRange((100.0, 6400.0), "log").value_at(torch.tensor(0.5)).item() == pytest.approx(800.0)


def test_log_of_nothing_is_finite():
    """A value of 0, or below, has a position far below the range, with a finite gradient."""
    value = torch.tensor([0.0, -1.0, 1e-30]).requires_grad_()
    position = KnobRange((100.0, 6400.0), "log").position_of(value)
    assert (position < -1.0).all() and torch.autograd.grad(position.sum(), value)[0].isfinite().all()


def test_calibrate_takes_percentiles():
    """1 % and 99 % of the data: a few outliers at either end do not stretch the knob."""
    knob = KnobRange((0.0, 1.0))
    values = torch.cat([torch.linspace(0.0, 10.0, 10001), torch.tensor([-1e6, 1e6])])
    pitch = torch.full_like(values, 440.0)
    order = torch.randperm(len(values))
    knob.calibrate(values[order], pitch, PERCENTILES)
    torch.testing.assert_close(knob.span, torch.tensor([0.1, 9.9]), atol=0.01, rtol=0)
    knob.calibrate(values, pitch, (25.0, 75.0))
    torch.testing.assert_close(knob.span, torch.tensor([2.5, 7.5]), atol=0.01, rtol=0)


def test_degenerate_range_keeps_the_default():
    """Data that does not vary cannot say how far a knob goes."""
    knob = KnobRange((0.0, 2.0))
    knob.calibrate(torch.full((100,), 1.2345), torch.full((100,), 440.0), PERCENTILES)
    torch.testing.assert_close(knob.span, torch.tensor([0.0, 2.0]))


def test_more_values_than_quantile_takes(monkeypatch):
    """A training split has more frames than torch.quantile accepts: only every n-th is counted."""
    monkeypatch.setattr("synths.descriptors.knob_range.MOST", 1000)
    taken, quantile = [], torch.quantile
    monkeypatch.setattr(torch, "quantile", lambda values, q: taken.append(len(values)) or quantile(values, q))
    knob = KnobRange((0.0, 2.0))
    knob.calibrate(torch.linspace(0.0, 1.0, 2500), torch.full((2500,), 440.0), PERCENTILES)
    torch.testing.assert_close(knob.span, torch.tensor([0.01, 0.99]), atol=2e-3, rtol=0)
    assert max(taken) <= 1000


def test_reach_follows_the_pitch():
    """Notes at 110 Hz lie in 0..4, at 880 Hz in 6..10: each pitch answers with its own, between them the blend."""
    knob = KnobRange((0.0, 1.0))
    low, high = 4.0 * torch.rand(4000), 6.0 + 4.0 * torch.rand(4000)
    pitch = torch.tensor([110.0, 880.0]).repeat_interleave(4000)
    knob.calibrate(torch.cat([low, high]), pitch, PERCENTILES)
    reached = torch.stack([knob.value_at(end) for end in knob.reach(torch.tensor([110.0, 880.0]))], dim=1)
    torch.testing.assert_close(reached, torch.tensor([[0.04, 3.96], [6.04, 9.96]]), atol=0.1, rtol=0)
    below, above = knob.reach(torch.tensor([20.0, 8000.0]))
    torch.testing.assert_close(torch.stack([below, above], 1), torch.stack(knob.reach(torch.tensor([110.0, 880.0])), 1))
    ends = [knob.value_at(knob.reach(torch.tensor(hertz))[1]).item() for hertz in (220.0, 311.13, 370.0, 440.0)]
    assert ends == pytest.approx([3.96, 3.96, 6.96, 9.96], abs=0.1)


def test_reach_before_calibration_is_everything():
    """0 and 1 at every pitch, in the shape of the pitch."""
    low, high = KnobRange((-3.0, 7.0)).reach(torch.tensor([[100.0, 400.0], [27.5, 5000.0]]))
    torch.testing.assert_close(low, torch.zeros(2, 2))
    torch.testing.assert_close(high, torch.ones(2, 2))


def test_few_values_make_no_range():
    """A pitch with a handful of frames takes the range of the nearest that has enough."""
    knob = KnobRange((0.0, 1.0))
    values = torch.cat([torch.linspace(2.0, 4.0, 500), torch.full((10,), 100.0)])
    pitch = torch.cat([torch.full((500,), 220.0), torch.full((10,), 1760.0)])
    knob.calibrate(values, pitch, (1.0, 95.0))
    assert knob.value_at(knob.reach(torch.tensor(1760.0))[1]).item() == pytest.approx(3.9, abs=0.1)
