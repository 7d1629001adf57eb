"""What fluctuates fast is evened out, what is steady stays."""

import numpy as np
import pytest
import torch

from turning.evened import _envelope, _smoothed, evened
from turning.listened import Listened
from turning.sound_in import ArrayIn

RATE = 16000


def depth(audio, rate_hz):
    """How deeply a sine is modulated at a rate: 0 to 1."""
    envelope = _envelope(torch.as_tensor(audio)[None])[0, 4000:12000].numpy()
    turns = np.exp(-2j * np.pi * rate_hz * np.arange(len(envelope)) / RATE)
    return float(2 * abs((envelope * turns).mean()) / envelope.mean())


@pytest.mark.parametrize(("rate_hz", "left"), [(70.0, 0.1), (4.0, 0.42)], ids=["rough", "tremolo"])
def test_fast_modulation_goes_and_slow_modulation_stays(rate_hz, left):
    time_s = np.arange(RATE) / RATE
    audio = 0.2 * (1 + 0.5 * np.cos(2 * np.pi * rate_hz * time_s)) * np.cos(2 * np.pi * 1000.0 * time_s)
    listened = Listened(ArrayIn(audio, RATE))
    recording = listened.recording(listened.passages[0])
    flat = audio + evened(recording, recording.audio, 1.0).numpy()
    assert depth(audio, rate_hz) == pytest.approx(0.5, abs=0.02)
    assert depth(flat, rate_hz) == pytest.approx(left, abs=0.05)
    assert evened(recording, recording.audio, 0.0).abs().max() < 1e-6


@pytest.mark.parametrize("width", [5.0, 900.0])
def test_a_smooth_curve_stays_where_it_is(width):
    """Long windows are laid over means of short stretches: nothing is moved in time."""
    curve = 1.0 + 0.1 * torch.sin(torch.arange(16001) / 3000.0)[None]
    assert (_smoothed(curve, width) - curve)[:, 1000:-1000].abs().max() < 1e-3
