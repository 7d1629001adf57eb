"""What is digital silence, and what is a wave that crosses zero."""

import numpy as np

from synths.silence import sound_there

RATE = 16000


def test_nothing_for_5_ms_is_silence_and_a_zero_crossing_is_not():
    """What begins is heard in full from its first sample on; the slope lies ahead of it."""
    wave = 0.1 * np.sin(np.arange(1600) * 2 * np.pi * 50.0 / RATE + 0.1)
    audio = np.concatenate([np.zeros(400), wave, np.zeros(60), wave])
    there = sound_there(audio, RATE)
    assert (there[: 400 - 80] == 0.0).all() and (there[400:] == 1.0).all()
    assert (np.diff(there) >= 0.0).all()
