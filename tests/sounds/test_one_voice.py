"""One voice, or several."""

import numpy as np
import pytest

from sounds.one_voice import is_one_voice

RATE, HOP, N_FRAMES = 16000, 160, 150


def tone(f0_hz, inharmonicity=0.0):
    """A second and a half, eight partials."""
    time_s, number = np.arange(RATE * 3 // 2) / RATE, np.arange(1, 9)[:, None]
    partials_hz = number * f0_hz * np.sqrt(1.0 + inharmonicity * number**2)
    return (0.1 / number * np.sin(2 * np.pi * partials_hz * time_s + number)).sum(0)


def one_voice(audio, f0_hz):
    noisy = audio + 1e-3 * np.random.default_rng(0).standard_normal(len(audio))
    return is_one_voice(
        lambda start, n: noisy[start : start + n], np.full(N_FRAMES, f0_hz), HOP, RATE, np.ones(N_FRAMES, bool)
    )


@pytest.mark.parametrize("f0_hz", [82.0, 220.0, 440.0, 1568.0])
def test_a_tone_is_one_voice(f0_hz):
    assert one_voice(tone(f0_hz), f0_hz)
    assert one_voice(tone(f0_hz) + tone(2 * f0_hz), f0_hz), "octaves cannot be told apart"
    assert one_voice(0.05 * np.random.default_rng(1).standard_normal(RATE * 3 // 2), f0_hz), "noise is no voice"


def test_a_stiff_string_is_one_voice():
    assert one_voice(tone(220.0, 3e-4), 220.0)


@pytest.mark.parametrize("semitones", [3, 4, 5, 6, 7])
def test_two_pitches_are_two_voices(semitones):
    """The pitch is that of the lower one."""
    assert not one_voice(tone(220.0) + tone(220.0 * 2 ** (semitones / 12)), 220.0)


def test_a_chord_heard_as_its_common_period_is_not_one_voice():
    """Four, five and six times the pitch that a tracker hears, which itself is not there."""
    assert not one_voice(tone(440.0) + tone(550.0) + tone(660.0), 110.0)


def test_silence_is_no_chord():
    assert is_one_voice(lambda start, n: np.zeros(n), np.full(9, 100.0), HOP, RATE, np.zeros(9, bool))
