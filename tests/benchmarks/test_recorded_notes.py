"""Recorded notes as numbers: what is cut, how loud it is played, and that nothing is measured twice."""

import numpy as np
import pytest
import soundfile

from benchmarks import recorded_notes
from benchmarks.recorded_notes import CLIP, PITCH, append, chosen, gather, measure, played, read_cache


@pytest.fixture
def note(sine, second) -> np.ndarray:
    """Half a second of silence, a second of A4, half a second of silence."""
    return np.pad(sine(second, 440.0, 0.5)[0].numpy(), 8000)


def test_note_is_cut_and_played(note):
    """The silence goes; 70 dB SPL are 30 dB below an rms of 1."""
    audio = played(note)
    assert len(audio) == pytest.approx(16000, abs=CLIP.hop)
    assert 20.0 * np.log10(np.sqrt(np.mean(np.square(audio)))) == pytest.approx(-30.0, abs=1e-3)
    assert len(played(np.tile(note[8000:24000], 6))) == CLIP.n_samples


def test_note_is_measured(note, tmp_path):
    """Pitch and numbers by name; silence has none."""
    soundfile.write(tmp_path / "a.wav", note, 16000)
    path, numbers = measure(str(tmp_path / "a.wav"), ["fundamental_share", "sharpness"])
    assert path.endswith("a.wav") and set(numbers) == {PITCH, "fundamental_share", "sharpness"}
    assert numbers[PITCH] == pytest.approx(440.0, rel=0.01) and numbers["fundamental_share"] > 0.95
    soundfile.write(tmp_path / "b.wav", np.zeros(16000), 16000)
    assert measure(str(tmp_path / "b.wav"), ["sharpness"])[1] == {}


def test_choice_is_repeatable(tmp_path):
    """As many as asked for, the same each time, from all folders; all without a limit; nothing but sound."""
    for name in ("a/1.wav", "a/2.mp3", "b/3.WAV", "b/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [path[-5:] for path in chosen(tmp_path, None)] == ["1.wav", "2.mp3", "3.WAV"]
    assert len(chosen(tmp_path, 2)) == 2 and chosen(tmp_path, 2) == chosen(tmp_path, 2)


def test_cache_is_read(tmp_path, monkeypatch):
    """What is in the cache is not measured again, even if the process that wrote it was stopped."""
    monkeypatch.setattr(recorded_notes, "measure", None)
    cache = tmp_path / "numbers.csv"
    append(cache, "a.wav", {PITCH: 100.0, "sharpness": 1.5})
    append(cache, "b.wav", {PITCH: 200.0, "sharpness": 2.5})
    assert read_cache(cache)["b.wav"] == {PITCH: 200.0, "sharpness": 2.5}
    assert gather(["a.wav"], ["sharpness"], cache, 1) == [{PITCH: 100.0, "sharpness": 1.5}]
