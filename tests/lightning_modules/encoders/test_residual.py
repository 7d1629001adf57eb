"""Residuals: as wide as they say, normal where they say so, and priced by the formula."""

from functools import partial

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from lightning_modules.encoders import BottleneckResidual, Residual, Trunk, VariationalResidual
from lightning_modules.encoders.residual import GaussianHead

SMALL = partial(Trunk, width=16)
both = pytest.mark.parametrize("residual", [BottleneckResidual, VariationalResidual])


@pytest.fixture
def sound(clip_format):
    """Three clips of noise and their pitch."""
    return 0.1 * torch.randn(3, clip_format.n_samples), torch.full((3, clip_format.n_frames), 220.0)


@pytest.fixture
def head():
    """Eight features to three numbers of different mean and spread."""
    head = GaussianHead(8, 3, kl_weight=0.5, free_bits=0.0)
    torch.nn.init.normal_(head.mean_and_log_variance.weight, std=0.3)
    return head


def distribution_of(head, features):
    """What the head's layer says, as torch has it."""
    mean, log_variance = head.mean_and_log_variance(features).chunk(2, dim=-1)
    return Normal(mean, (0.5 * log_variance).exp())


@both
def test_shapes(residual, clip_format, sound):
    """(B, F, size), heard in every second frame and in a line between."""
    module = residual(clip_format, 5, SMALL)
    value, _ = module(*sound)
    assert module.size == 5 and value.shape == (3, 20, 5) and value.isfinite().all()
    torch.testing.assert_close(value[:, 1:-1:2], 0.5 * (value[:, 0:-2:2] + value[:, 2::2]))


@both
@pytest.mark.parametrize("size", [0, -1])
def test_a_residual_of_nothing_is_refused(residual, clip_format, size):
    """Leaving it out is the way."""
    with pytest.raises(ValueError, match=f"residual.size is {size}: it needs at least 1"):
        residual(clip_format, size)


@both
def test_every_weight_learns(residual, clip_format, sound):
    """No layer is left out."""
    module = residual(clip_format, 2, SMALL)
    module(*sound)[0].square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in module.parameters())


def test_a_residual_must_be_filled_in(clip_format, sound):
    """The promise alone hears nothing."""
    with pytest.raises(NotImplementedError):
        Residual(clip_format, 2)(*sound)


def test_the_bottleneck_is_bounded_and_free(clip_format, sound):
    """Within -1..1 whatever its weights, the same every time, without a term."""
    module = BottleneckResidual(clip_format, 4, SMALL)
    torch.nn.init.normal_(module.narrow.weight, std=100.0)
    value, terms = module(*sound)
    assert terms == {} and 0.99 < value.abs().max() <= 1.0
    assert module(*sound)[0].equal(value)


def test_kl_is_that_of_torch(head):
    """In nats: the mean over clips and frames, the sum over numbers."""
    features = torch.randn(4, 6, 8)
    expected = kl_divergence(distribution_of(head, features), Normal(0.0, 1.0)).mean(dim=(0, 1)).sum()
    term = head(features)[1]["kl"]
    torch.testing.assert_close(term.value, expected)
    assert term.weight == 0.5


def test_draws_have_the_mean_and_the_spread(head):
    """20,000 draws have mean and spread of the distribution that the layer names."""
    features = torch.randn(1, 1, 8)
    drawn, _ = head(features.expand(20_000, 1, 8))
    said = distribution_of(head, features)
    torch.testing.assert_close(drawn.mean(0), said.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.std(0), said.stddev[0], atol=0, rtol=0.03)


def test_free_bits_are_a_floor_per_number():
    """A number below them costs as much as they and learns nothing; one above them costs what it is."""
    head = GaussianHead(1, 2, kl_weight=1.0, free_bits=0.25)
    with torch.no_grad():
        head.mean_and_log_variance.weight.zero_()
        head.mean_and_log_variance.bias.copy_(torch.tensor([0.5, 3.0, 0.0, 0.0]))
    term = head(torch.zeros(2, 3, 1))[1]["kl"]
    assert term.value.item() == pytest.approx(0.25 + 4.5)  # half the square of the mean: 0.125 and 4.5
    (gradient,) = torch.autograd.grad(term.value, head.mean_and_log_variance.bias)
    assert gradient.tolist() == pytest.approx([0.0, 3.0, 0.0, 0.0])


def test_outside_training_it_is_the_mean(head):
    """Without a term; unless it is told to draw all the same."""
    features = torch.randn(2, 4, 8)
    value, terms = head.eval()(features)
    assert value.equal(distribution_of(head, features).mean) and terms == {}
    head.always_draws = True
    assert not head(features)[0].equal(head(features)[0])


@pytest.mark.parametrize("scale", [-1e4, 1e4])
def test_extremes_stay_finite(head, scale):
    """Whatever a trunk says."""
    value, terms = head(scale * torch.ones(1, 2, 8))
    assert value.isfinite().all() and terms["kl"].value.isfinite()


def test_the_variational_residual_draws_in_training_only(clip_format, sound):
    """With the price it was given; its mean is the same every time."""
    module = VariationalResidual(clip_format, 4, SMALL, kl_weight=0.7, free_bits=0.0)
    (first, terms), (second, _) = module(*sound), module(*sound)
    assert not first.equal(second) and terms["kl"].weight == 0.7 and terms["kl"].value > 0
    module.eval()
    assert module(*sound)[0].equal(module(*sound)[0]) and module(*sound)[1] == {}


@pytest.mark.parametrize("options", [{"kl_weight": -1.0}, {"free_bits": -0.1}])
def test_negative_prices_are_refused(clip_format, options):
    """With their names and values."""
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=rf"{name} (is )?{value}.*must not be negative"):
        VariationalResidual(clip_format, 4, SMALL, **options)
