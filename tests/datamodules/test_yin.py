"""Fast notes, weak fundamentals, and no pitch where it lies outside the range."""

import numpy as np
import pytest

from datamodules import NoPitch, Yin
from synths.clip import ClipFormat

SAW = {k: 1 / k for k in range(1, 16)}
RATES = (16000, 44100)


def sound(f0_hz, amplitudes, sample_rate=16000, duration_s=1.0):
    """A tone of these partials, (N,) float32 of rms 0.1."""
    f0_hz = np.broadcast_to(f0_hz, round(sample_rate * duration_s))
    phase = 2 * np.pi * np.cumsum(f0_hz) / sample_rate
    audible = {k: a for k, a in amplitudes.items() if k * f0_hz.max() < 0.47 * sample_rate}
    tone = sum(a * np.sin(k * phase + k) for k, a in audible.items())
    return (0.1 * tone / np.sqrt(np.mean(tone**2))).astype(np.float32)


def frames(audio, sample_rate=16000):
    """What is heard of it every 10 ms: pitch and confidence."""
    return Yin().track(audio, ClipFormat(sample_rate, sample_rate, sample_rate // 100))


def right_share(pitch, f0_hz):
    """Share of the frames that are within 50 cents and voiced."""
    near = np.abs(1200 * np.log2(pitch.f0_hz / f0_hz)) < 50
    return np.mean(near & (pitch.confidence >= 0.5))


@pytest.mark.parametrize("note_ms, least", [(100, 0.9), (150, 0.9), (300, 0.95)])
@pytest.mark.parametrize("steps", [(0, 12), (0, 4, 7, 12)], ids=["octaves", "arpeggio"])
def test_fast_notes_are_heard(note_ms, least, steps):
    note = np.arange(2 * 44100) // (44100 * note_ms // 1000)
    f0_hz = 261.63 * 2 ** (np.array(steps)[note % len(steps)] / 12)
    assert right_share(frames(sound(f0_hz, SAW, 44100, 2.0), 44100), f0_hz[::441]) >= least


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize(
    "amplitudes",
    [
        {1: 1},
        {k: 1 / k for k in range(1, 16, 2)},
        {k: 1 / k for k in range(2, 16)},
        {**SAW, 1: 0.01, 2: 1.0},
        {**SAW, 1: 0.01, 3: 1.0},
    ],
    ids=["sine", "odd partials", "no fundamental", "strong octave", "strong twelfth"],
)
@pytest.mark.parametrize("f0_hz", [61.0, 116.5, 233.0, 440.0, 880.0])
def test_a_weak_fundamental_is_no_octave(f0_hz, amplitudes, sample_rate):
    assert right_share(frames(sound(f0_hz, amplitudes, sample_rate), sample_rate), f0_hz) > 0.9


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("f0_hz", [30.87, 41.2, 2349.0, 3520.0, 4186.0])
def test_the_ends_of_the_range_are_heard(f0_hz, sample_rate):
    assert right_share(frames(sound(f0_hz, SAW, sample_rate), sample_rate), f0_hz) > 0.85


@pytest.mark.parametrize("f0_hz", [5000.0, 6500.0])
@pytest.mark.parametrize("sample_rate", RATES)
def test_a_whistle_above_the_range_has_no_pitch(f0_hz, sample_rate):
    try:
        assert (frames(sound(f0_hz, {1: 1}, sample_rate), sample_rate).confidence < 0.5).mean() > 0.95
    except NoPitch:
        pass


def test_identity_is_recalled_of_this_version_and_the_first():
    tracker = Yin(lowest_hz=50)
    assert Yin.recalled(tracker.identity).identity == tracker.identity
    first = Yin.recalled("yin librosa 0.11.0 32.7-4200 Hz")
    assert (first.lowest_hz, first.highest_hz) == (32.7, 4200.0)
    assert Yin.recalled("swift-f0 0.3") is None
