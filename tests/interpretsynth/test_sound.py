"""Arrays that are no sound, and pitches that no sound has, are refused in a sentence."""

import numpy as np
import pytest

from interpretsynth.sound import frames_of_pitch, samples
from synths import ClipFormat

CLIP = ClipFormat(16000, 1600, 160)


def test_samples_are_columns_of_doubles():
    audio = np.linspace(-1, 1, 3200, dtype=np.float32)
    assert samples(audio, 16000).shape == (3200, 1) and samples(audio, 16000).dtype == np.float64
    assert np.array_equal(samples(audio.reshape(-1, 2), 8000), audio.reshape(-1, 2))


@pytest.mark.parametrize(
    ("audio", "rate", "words"),
    [
        (np.zeros(9000, np.int16), 16000, "array of int16: give floating-point"),
        (np.zeros((2, 9000)), 16000, r"the shape \(2, 9000\): give \(samples,\)"),
        (np.zeros((9, 9, 9)), 16000, "the shape"),
        (np.zeros(100), 16000, "lasts 0.0063 s"),
        (np.zeros(0), 16000, "lasts 0 s"),
        (np.zeros(9000), 16000.5, "whole samples per second"),
        (np.zeros(9000), 0, "out of range"),
        (np.zeros(9000), float("nan"), "out of range"),
    ],
)
def test_what_is_no_sound_is_refused(audio, rate, words):
    with pytest.raises(ValueError, match=words):
        samples(audio, rate)


def test_a_pitch_is_spread_over_the_frames():
    assert np.array_equal(frames_of_pitch(220.0, 1600, CLIP), np.full(10, 220.0, np.float32))
    assert frames_of_pitch([100.0, 400.0], 1760, CLIP)[5] == pytest.approx(200.0), "in log-frequency"


@pytest.mark.parametrize("f0_hz", [9000.0, [220.0, 1.0]])
def test_a_pitch_out_of_range_is_refused(f0_hz):
    with pytest.raises(ValueError, match="out of range: give 16 Hz to less than 8000 Hz"):
        frames_of_pitch(f0_hz, 1600, CLIP)


@pytest.mark.parametrize("f0_hz", [[], [220.0, float("nan")]])
def test_a_pitch_without_numbers_is_refused(f0_hz):
    with pytest.raises(ValueError, match="holds no numbers"):
        frames_of_pitch(f0_hz, 1600, CLIP)
