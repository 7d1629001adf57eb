"""NSynth's own folders, whole or in part."""

import json

import numpy as np
import pytest
import soundfile

from datamodules import NSynth
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)
FAMILIES = {"bass": 0, "flute": 2, "synth_lead": 9}
SOURCES = {"acoustic": 0, "electronic": 1, "synthetic": 2}


def write_note(folder, family="flute", source="acoustic", pitch=60, velocity=100, number=1):
    name = f"{family}_{source}_{number:03d}-{pitch:03d}-{velocity:03d}"
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    listing = folder / "examples.json"
    notes = json.loads(listing.read_text()) if listing.exists() else {}
    notes[name] = {
        "note_str": name,
        "pitch": pitch,
        "velocity": velocity,
        "instrument": number,
        "instrument_family": FAMILIES[family],
        "instrument_family_str": family,
        "instrument_source": SOURCES[source],
        "instrument_source_str": source,
        "qualities": [0] * 10,
        "sample_rate": 16000,
    }
    listing.write_text(json.dumps(notes))
    phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(8000) / 16000
    soundfile.write(folder / "audio" / f"{name}.wav", 0.3 * (np.sin(phase) + 0.5 * np.sin(2 * phase)), 16000)
    return name


@pytest.fixture
def root(tmp_path):
    for split in ("train", "valid", "test"):
        for pitch in (72, 60, 48):
            write_note(tmp_path / f"nsynth-{split}", pitch=pitch)
        write_note(tmp_path / f"nsynth-{split}", "synth_lead", "synthetic", 64)
    return tmp_path


def prepared(root, stage, **options) -> NSynth:
    data = NSynth(CLIP, str(root), **options)
    data.prepare_data()
    data.setup(stage)
    return data


def test_notes_come_sorted_with_labels_and_the_pitch_they_sound(root):
    batch = next(iter(prepared(root, "test").test_dataloader()))
    assert batch.name == sorted(batch.name) and len(batch.name) == 4
    assert set(batch.labels) == {"pitch", "velocity", "instrument", "instrument_family", "instrument_source"}
    assert batch.labels["pitch"].tolist() == [48, 60, 72, 64]
    assert batch.labels["instrument_family"].tolist() == [2, 2, 2, 9]
    heard = 69 + 12 * (batch.f0_hz.median(dim=1).values / 440).log2()
    assert (heard - batch.labels["pitch"]).abs().max() < 0.2


def test_filters(root):
    assert len(NSynth(CLIP, str(root), families=["synth_lead"]).sources("train")) == 1
    assert len(NSynth(CLIP, str(root), instrument_sources=["acoustic"]).sources("train")) == 3
    assert len(NSynth(CLIP, str(root), pitches=(60, 64)).sources("train")) == 2


def test_filtering_tracks_nothing_again(root):
    prepared(root, "fit")
    before = {path: path.stat().st_mtime_ns for path in (root / ".timbre").iterdir()}
    data = prepared(root, "fit", families=["flute"])
    assert len(data.datasets["train"]) == 3
    assert before == {path: path.stat().st_mtime_ns for path in (root / ".timbre").iterdir()}


def test_a_single_folder_is_for_testing(root):
    data = prepared(root / "nsynth-test", "test")
    assert len(data.datasets["test"]) == 4
    data.setup("validate")
    with pytest.raises(ValueError, match="no train clips"):
        data.setup("fit")


def test_bad_entries_are_skipped_and_named(root):
    folder = root / "nsynth-train"
    notes = json.loads((folder / "examples.json").read_text())
    names = sorted(notes)
    del notes[names[0]]["velocity"]
    notes[names[1]] = "not a note"
    (folder / "audio" / f"{names[2]}.wav").unlink()
    (folder / "examples.json").write_text(json.dumps(notes))
    data = prepared(root, "fit")
    assert [clip.name for clip in data.datasets["train"]] == names[3:]
    skipped = data.summary()["train"].skipped
    assert "velocity" in skipped[names[0]] and "pitch" in skipped[names[1]] and "does not exist" in skipped[names[2]]


def test_broken_json_is_named(root):
    (root / "nsynth-valid" / "examples.json").write_text('{"half')
    with pytest.raises(ValueError, match=r"examples\.json is not valid JSON"):
        NSynth(CLIP, str(root)).prepare_data()
