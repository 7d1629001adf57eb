"""The table of trackers: notes are found with their labels, and errors are counted as they are."""

import json

import numpy as np
import pytest
import soundfile

from benchmarks.pitch import LabelledNote, TrackedNote, gather, hear, notes_of, row, table


def test_labels_come_from_the_listing_or_from_names(tmp_path):
    release = tmp_path / "nsynth" / "nsynth-test"
    (release / "audio").mkdir(parents=True)
    note = {"instrument": 931, "instrument_family_str": "flute", "pitch": 60}
    (release / "examples.json").write_text(json.dumps({"flute_acoustic_931-060-100": note, "gone": note}))
    named = tmp_path / "iowa"
    named.mkdir()
    for path in (
        release / "audio" / "flute_acoustic_931-060-100.wav",
        named / "cello-c_36.flac",
        named / "piano_21_pp.wav",
    ):
        soundfile.write(path, np.zeros(100), 16000)
    assert [(n.group, n.midi) for n in notes_of(tmp_path / "nsynth", 2)] == [("flute 93", 60)]
    assert [n.group for n in notes_of(tmp_path / "nsynth", 0)] == ["flute"]
    assert [(n.group, n.midi) for n in notes_of(named, 0)] == [("cello", 36), ("piano", 21)]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no labelled notes"):
        notes_of(tmp_path / "empty", 0)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| ").split("|")]


def test_octaves_are_counted_by_label_and_by_the_other_tracker():
    """Right; an octave up; an octave off the label, as the other hears it too; no pitch; beyond the other's range."""
    midi = [69, 69, 69, 69, 98]
    own_hz, other_hz = [441.0, 880.0, 220.0, 0.0, 2349.3], [440.0, 440.0, 220.5, 440.0, 1174.0]
    notes = [LabelledNote(f"{number}.wav", "all of them", pitch) for number, pitch in enumerate(midi)]
    heard = {
        note.path: {"Yin": TrackedNote(own, 0.9, 0.1, 4.0), "SwiftF0": TrackedNote(other, 1.0, 0.1, 4.0)}
        for note, own, other in zip(notes, own_hz, other_hz, strict=True)
    }
    found = cells(row("x", "Yin", notes, heard, "SwiftF0"))
    assert found == ["x", "Yin", "5", "1", "0.400", "0.900", "2", "1", "1", "40"]
    assert cells(table(notes, heard, ["SwiftF0"], "SwiftF0").splitlines()[-1])[6:9] == ["2", "–", "–"]


def test_a_sine_is_heard_and_remembered(tmp_path):
    path = tmp_path / "sine_69.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000), 16000)
    _, found = hear(str(path), ["Yin", "LibrosaYin"])
    assert all(heard.f0_hz == pytest.approx(440, rel=2e-3) and heard.steady > 0.99 for heard in found.values())
    cache, notes = tmp_path / "cache.csv", [LabelledNote(str(path), "sine", 69)]
    first = gather(notes, ["Yin"], cache, 1)
    path.unlink()
    assert gather(notes, ["Yin"], cache, 1) == first
