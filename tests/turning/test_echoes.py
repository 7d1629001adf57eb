"""Parts that cancel each other are not heard; parts that are there are heard as they are."""

import torch

from turning.echoes import heard_share

RATE = 16000


def test_what_cancels_is_silent_and_what_is_there_is_heard():
    """A tone that a window spread over the silence before it, and the noise that takes it back there."""
    tone = torch.sin(torch.arange(4000) * 2 * torch.pi * 500.0 / RATE)
    noise = torch.where(torch.arange(4000) < 2000, -tone, 0.1 * tone)
    share = heard_share(tone, noise[None], RATE)
    assert share[: 2000 - 65].abs().max() < 1e-6 and share[2000:].min() == 1.0
    assert (share >= 0.0).all() and (share <= 1.0).all()


def test_silence_is_no_division_by_nothing():
    assert heard_share(torch.zeros(800), torch.zeros(3, 800), RATE).isfinite().all()
