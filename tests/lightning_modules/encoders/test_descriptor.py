"""The descriptor family: controls are measured and nothing else is known."""

import torch

from lightning_modules.encoders import DescriptorEncoder
from synths import Level, Noisiness


def test_controls_are_the_measured_positions(clip_format):
    """Nothing between the measure and the knob; no residual, no terms."""
    encoder, audio = DescriptorEncoder(clip_format, [Level, Noisiness]), 0.1 * torch.randn(2, 3200)
    pitch = torch.full((2, 20), 220.0)
    encoding = encoder(audio, pitch)
    torch.testing.assert_close(encoding.controls[:, ::2, 0], Level(clip_format)(audio, pitch)[:, ::2])
    torch.testing.assert_close(encoding.controls[:, ::2, 1], Noisiness(clip_format)(audio, pitch)[:, ::2])
    assert encoding.residual.shape == (2, 20, 0) and encoding.terms == {}


def test_learns_nothing(clip_format):
    """Measuring has no weights."""
    assert not list(DescriptorEncoder(clip_format).parameters())
