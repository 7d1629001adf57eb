"""The tracker that checks is never the one that told."""

import numpy as np
import pytest

from datamodules import NoPitch, SwiftF0, Yin
from sounds import second_tracker as module
from sounds.librosa_yin import LibrosaYin
from sounds.second_tracker import second_tracker
from synths.clip import ClipFormat


def test_it_is_of_another_kind(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    assert isinstance(second_tracker(Yin()), SwiftF0) and isinstance(second_tracker(SwiftF0()), LibrosaYin)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert isinstance(second_tracker(Yin()), LibrosaYin)


@pytest.mark.parametrize("sample_rate", [16000, 44100])
@pytest.mark.parametrize("f0_hz", [41.2, 220.0, 880.0, 2637.0, 4186.0])
def test_librosas_yin_hears_tones(sample_rate, f0_hz):
    clip = ClipFormat(sample_rate, sample_rate, sample_rate // 100)
    phase = 2 * np.pi * f0_hz * np.arange(sample_rate) / sample_rate
    audio = (0.2 * np.sin(phase) + 0.1 * np.sin(2 * phase) * (2 * f0_hz < sample_rate / 2)).astype(np.float32)
    heard = LibrosaYin().track(audio, clip)
    assert len(heard.f0_hz) == 100 and np.abs(1200 * np.log2(heard.f0_hz / f0_hz))[10:-10].max() < 20
    assert heard.confidence[10:-10].min() > 0.9


def test_librosas_yin_hears_none_in_noise_and_silence():
    for level in (0.0, 0.1):
        with pytest.raises(NoPitch):
            LibrosaYin().track(level * np.random.default_rng(0).standard_normal(16000).astype(np.float32), ClipFormat())
