"""A tracked pitch is refined to a cent, in vibrato too."""

import numpy as np
import pytest
import torch

from turning.pitch import refined

RATE, HOP = 16000, 160


@pytest.mark.parametrize("f0_hz", [55.0, 220.0, 880.0])
@pytest.mark.parametrize("cents", [0.0, 100.0])
def test_vibrato_is_followed_to_a_cent(make_tone, f0_hz, cents):
    """The tracker's error: 8 cents too high, and jumps of 10 cents from frame to frame."""
    time_s = np.arange(RATE) / RATE
    pitch = f0_hz * 2 ** (cents * np.sin(2 * np.pi * 6 * time_s) / 1200)
    audio = torch.from_numpy(make_tone(pitch, 1.0)).float()
    true = torch.from_numpy(pitch[::HOP])
    jumps = torch.from_numpy(np.where(np.arange(100) % 2, 10.0, -10.0))
    found = refined(audio, (true * 2 ** ((8.0 + jumps) / 1200)).float(), RATE, HOP)
    off = 1200 * torch.log2(found / true)[6:-6]
    assert off.abs().max() < (1.5 if f0_hz > 100 or not cents else 6.0)
