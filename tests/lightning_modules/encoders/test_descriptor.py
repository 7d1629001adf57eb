"""The descriptor family: controls are measured, and the rest, if it may be known, is learnt."""

from functools import partial

import pytest
import torch

from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, Trunk, VariationalResidual
from synths import Level, Noisiness

RESIDUALS = [
    partial(kind, size=3, trunk=partial(Trunk, width=16)) for kind in (BottleneckResidual, VariationalResidual)
]
each_residual = pytest.mark.parametrize("residual", RESIDUALS, ids=["bottleneck", "variational"])


@pytest.fixture
def sound(clip_format):
    """Two clips of noise and their pitch."""
    return 0.1 * torch.randn(2, clip_format.n_samples), torch.full((2, clip_format.n_frames), 220.0)


def test_controls_are_the_measured_positions(clip_format, sound):
    """Nothing between the measure and the knob; no residual, no terms."""
    encoder = DescriptorEncoder(clip_format, [Level, Noisiness])
    encoding = encoder(*sound)
    torch.testing.assert_close(encoding.controls[:, ::2, 0], Level(clip_format)(*sound)[:, ::2])
    torch.testing.assert_close(encoding.controls[:, ::2, 1], Noisiness(clip_format)(*sound)[:, ::2])
    assert encoding.residual.shape == (2, 20, 0) and encoding.terms == {} and encoder.residual_size == 0


def test_learns_nothing(clip_format):
    """Measuring has no weights."""
    assert not list(DescriptorEncoder(clip_format).parameters())


@each_residual
def test_a_residual_leaves_the_controls_alone(clip_format, sound, residual):
    """It comes beside them, as wide as it says, with its own terms, and every weight is its own."""
    encoder = DescriptorEncoder(clip_format, [Level, Noisiness], residual)
    torch.manual_seed(1)
    encoding = encoder(*sound)
    torch.manual_seed(1)
    value, terms = encoder.residual(*sound)
    assert encoding.controls.equal(DescriptorEncoder(clip_format, [Level, Noisiness])(*sound).controls)
    assert encoding.residual.equal(value) and encoding.residual.shape == (2, 20, 3) and encoder.residual_size == 3
    assert encoding.terms == terms
    assert all(name.startswith("residual.") for name, _ in encoder.named_parameters())


@each_residual
def test_without_descriptors_it_is_an_autoencoder(clip_format, sound, residual):
    """No controls; all that is known of the sound is in the residual."""
    encoding = DescriptorEncoder(clip_format, [], residual)(*sound)
    assert encoding.controls.shape == (2, 20, 0) and encoding.residual.shape == (2, 20, 3)
    assert set(encoding.terms) == ({"kl"} if residual.func is VariationalResidual else set())
