"""Pitch and stiffness of notes whose partials are known."""

import numpy as np
import pytest

from synths.stiff_pitch import stiff_note

RATE = 16000


def note_of(f0_hz, stiffness, seconds=2.0, noise=0.0):
    """(N,) struck string: partials that fall off and decay, the higher the faster."""
    t = np.arange(round(seconds * RATE)) / RATE
    audio = noise * np.random.default_rng(0).standard_normal(len(t))
    for k in range(1, 41):
        partial_hz = f0_hz * k * np.sqrt(1.0 + stiffness * k**2)
        if partial_hz < 0.48 * RATE:
            audio += np.exp(-(1.0 + 0.1 * k) * t) / k * np.sin(2 * np.pi * partial_hz * t + 2.4 * k * k)
    return audio.astype(np.float32)


@pytest.mark.parametrize(
    ("f0_hz", "stiffness"), [(55.0, 1e-4), (110.0, 1.2e-4), (220.0, 2e-4), (440.0, 7e-4), (880.0, 2e-3), (1200.0, 3e-3)]
)
@pytest.mark.parametrize("cents_off", [-35.0, 0.0, 30.0])
def test_hears_pitch_and_stiffness(f0_hz, stiffness, cents_off):
    """From a tracked pitch a third of a semitone off: half a cent, and 3 %."""
    found = stiff_note(note_of(f0_hz, stiffness, noise=1e-4), RATE, f0_hz * 2.0 ** (cents_off / 1200.0))
    assert abs(1200.0 * np.log2(found.f0_hz / f0_hz)) < 0.5
    assert found.stiffness == pytest.approx(stiffness, rel=0.03)


def test_a_harmonic_tone_is_not_stiff():
    """Ten times less than any string."""
    found = stiff_note(note_of(220.0, 0.0), RATE, 220.0)
    assert found.stiffness < 1e-5 and found.f0_hz == pytest.approx(220.0, rel=1e-4)


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(RATE, np.float32),
        np.zeros(0, np.float32),
        note_of(220.0, 2e-4, seconds=0.1),
        np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32),
        np.sin(2 * np.pi * 440.0 * np.arange(2 * RATE) / RATE).astype(np.float32),
    ],
    ids=["silence", "nothing", "too short", "noise", "a sine"],
)
def test_what_tells_nothing_gives_none(audio):
    assert stiff_note(audio, RATE, 440.0) is None
