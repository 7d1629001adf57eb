"""The descriptor family: controls are measured and nothing else is known."""

import torch

from lightning_modules.encoders import DescriptorEncoder
from synths import Brightness, Loudness


def test_controls_are_the_measured_positions(clip_format):
    """Nothing between the measure and the knob; no residual, no terms."""
    encoder, audio = DescriptorEncoder(clip_format, [Loudness, Brightness]), 0.1 * torch.randn(2, 3200)
    encoding = encoder(audio)
    torch.testing.assert_close(encoding.controls[..., 0], Loudness(clip_format)(audio))
    torch.testing.assert_close(encoding.controls[..., 1], Brightness(clip_format)(audio))
    assert encoding.residual.shape == (2, 20, 0) and encoding.terms == {}


def test_learns_nothing(clip_format):
    """Measuring has no weights."""
    assert not list(DescriptorEncoder(clip_format).parameters())
