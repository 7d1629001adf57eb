"""Both trackers hear the pitch of tones whose pitch is known, and say when there is none."""

import numpy as np
import pytest

from datamodules import NoPitch, SwiftF0, Yin
from synths.clip import ClipFormat

TRACKERS = [Yin(), SwiftF0()]


@pytest.fixture(params=TRACKERS, ids=lambda tracker: type(tracker).__name__)
def tracker(request):
    if isinstance(request.param, SwiftF0):
        pytest.importorskip("swift_f0")
    return request.param


def harmonic_tone(f0_hz: np.ndarray, sample_rate: int, n_harmonics: int = 6) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(f0_hz) / sample_rate
    audible = [k for k in range(1, n_harmonics + 1) if k * f0_hz.max() < sample_rate / 2]
    return np.asarray(0.3 * sum(np.sin(k * phase) / k for k in audible), dtype=np.float32)


def cents(f0_hz: np.ndarray, true_hz: np.ndarray | float) -> np.ndarray:
    return 1200 * np.log2(f0_hz / true_hz)


@pytest.mark.parametrize("sample_rate, hop", [(16000, 160), (16000, 64), (44100, 441)])
def test_a_glide_is_heard_within_20_cents(tracker, sample_rate, hop):
    true_hz = np.geomspace(110, 880, 2 * sample_rate)
    clip = ClipFormat(sample_rate, len(true_hz) // hop * hop, hop)
    f0_hz, confidence = tracker.track(harmonic_tone(true_hz, sample_rate), clip)
    assert f0_hz.dtype == confidence.dtype == np.float32
    inner = slice(len(f0_hz) // 20, -len(f0_hz) // 20)
    assert np.abs(cents(f0_hz, true_hz[::hop])[inner]).max() < 20
    assert confidence[inner].min() > 0.5 and confidence.max() <= 1


@pytest.mark.parametrize("n_samples", [1600, 1601, 16000, 16161, 16000 * 30])
def test_any_length_gives_a_frame_per_hop(tracker, n_samples):
    f0_hz, confidence = tracker.track(harmonic_tone(np.full(n_samples, 220.0), 16000), ClipFormat())
    assert f0_hz.shape == confidence.shape == (-(-n_samples // 160),)
    assert np.abs(cents(np.median(f0_hz), 220)) < 20


def test_silence_between_notes_is_bridged_and_not_trusted(tracker):
    notes = [harmonic_tone(np.full(16000, f0_hz), 16000) for f0_hz in (220.0, 440.0)]
    audio = np.concatenate([notes[0], np.zeros(16000, np.float32), notes[1]])
    f0_hz, confidence = tracker.track(audio, ClipFormat())
    assert (f0_hz > 200).all() and (f0_hz < 480).all()
    assert confidence[120:180].max() < 0.5
    assert np.abs(cents(f0_hz[150], np.sqrt(220 * 440))) < 150


def test_the_beginning_and_end_of_a_note_are_held(tracker):
    audio = np.pad(harmonic_tone(np.full(16000, 330.0), 16000), 8000)
    assert np.abs(cents(tracker.track(audio, ClipFormat()).f0_hz, 330)).max() < 50


@pytest.mark.parametrize("level", [0.0, 0.1], ids=["silence", "noise"])
def test_what_has_no_pitch_is_refused(tracker, level):
    noise = level * np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    with pytest.raises(NoPitch, match="pitch"):
        tracker.track(noise, ClipFormat())


def test_yin_hears_the_range_of_instruments():
    for midi in range(24, 108, 3):
        true_hz = 440 * 2 ** ((midi - 69) / 12)
        f0_hz = Yin().track(harmonic_tone(np.full(16000, true_hz), 16000), ClipFormat()).f0_hz
        assert np.abs(cents(np.median(f0_hz), true_hz)) < 20, midi


def test_identity_tells_settings_apart():
    assert Yin().identity == Yin().identity != Yin(lowest_hz=50).identity
    with pytest.raises(ValueError, match="lowest_hz"):
        Yin(lowest_hz=500, highest_hz=400)
