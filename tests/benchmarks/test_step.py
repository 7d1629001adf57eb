"""The step that is timed is the step that trains."""

import torch

from benchmarks.step import step
from lightning_modules.autoencoder import TimbreAutoencoder
from synths import Clip


def test_a_timed_step_changes_the_weights(clip_format, harmonic_tone):
    """With knobs measured and turned, as training does it."""
    model = TimbreAutoencoder(clip_format)
    f0_hz = torch.full((2, clip_format.n_frames), 220.0)
    batch = Clip(harmonic_tone(clip_format, 220.0).repeat(2, 1), f0_hz, torch.ones_like(f0_hz), ["a", "b"], {})
    before = [weight.clone() for weight in model.decoder.parameters()]
    step(model, batch, knobs=True, bf16=False)()
    assert all((weight != old).any() for weight, old in zip(model.decoder.parameters(), before, strict=True))
