"""The pitch of stiff strings."""

import numpy as np
import pytest

from sounds.yin import Yin
from sounds.yin_strings import YinStrings
from synths import ClipFormat

CLIP = ClipFormat(16000, 32000, 160)


def struck(f0_hz, stiffness, seconds=1.0):
    """(N,) a note of a stiff string."""
    t = np.arange(round(seconds * 16000)) / 16000
    each = [
        np.exp(-2.0 * t) * np.sin(2 * np.pi * f0_hz * k * np.sqrt(1 + stiffness * k * k) * t) / k for k in range(1, 13)
    ]
    return np.sum(each, axis=0).astype(np.float32)


def cents_off(heard, f0_hz):
    """Median over the frames that are sure."""
    return float(np.median(1200.0 * np.log2(heard.f0_hz[heard.confidence > 0.8] / f0_hz)))


def test_is_nearer_than_yin():
    """Yin hears a stiff string sharp, this hears it within a cent; both are as sure as each other."""
    audio = struck(440.0, 1e-3)
    by_yin, ours = Yin().track(audio, CLIP), YinStrings().track(audio, CLIP)
    assert cents_off(by_yin, 440.0) > 2.0 and abs(cents_off(ours, 440.0)) < 1.0
    assert np.array_equal(by_yin.confidence, ours.confidence)


def test_each_note_is_moved_by_itself():
    """Two notes in one sound."""
    heard = YinStrings().track(np.concatenate([struck(220.0, 5e-4), struck(392.0, 1e-3)]), CLIP)
    first, second = (heard.f0_hz[frames] for frames in (slice(20, 80), slice(120, 180)))
    assert np.median(first) == pytest.approx(220.0, rel=6e-4) and np.median(second) == pytest.approx(392.0, rel=6e-4)


def test_is_recalled_by_its_identity():
    """With its range; what another tracker says is not its own."""
    tracker = YinStrings(40.0, 2000.0)
    assert YinStrings.recalled(tracker.identity).identity == tracker.identity
    assert YinStrings.recalled(Yin().identity) is None and Yin.recalled(tracker.identity) is None
