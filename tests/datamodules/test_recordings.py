"""A folder of recordings becomes slices in three splits."""

import numpy as np
import pytest
import soundfile

from datamodules import Recordings
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
SPLITS = ("train", "valid", "test")


def write_tone(path, duration_s=1.0, n_channels=1, f0_hz=330.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    phase = 2 * np.pi * f0_hz * np.arange(round(duration_s * 22050)) / 22050
    soundfile.write(path, np.stack([0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)] * n_channels, axis=1), 22050)


def names(data: Recordings) -> dict[str, list[str]]:
    return {split: [source.name for source in data.sources(split)] for split in SPLITS}


def test_every_kind_of_file_in_every_folder_is_found(tmp_path):
    for name in ("a.wav", "b/c.FLAC", "b/d/e.ogg", "f.mp3"):
        write_tone(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not sound")
    write_tone(tmp_path / ".hidden" / "g.wav")
    found = {name for split in names(Recordings(CLIP, str(tmp_path))).values() for name in split}
    assert found == {"a.wav#0", "b/c.FLAC#0", "b/d/e.ogg#0", "f.mp3#0"}


@pytest.mark.parametrize("duration_s, n_slices", [(0.1, 1), (1.0, 1), (1.2, 1), (1.3, 2), (10.0, 10)])
def test_long_files_are_sliced(tmp_path, duration_s, n_slices):
    write_tone(tmp_path / "a.wav", duration_s)
    write_tone(tmp_path / "b.wav")
    slices = [name for found in names(Recordings(CLIP, str(tmp_path))).values() for name in found]
    assert sum(name.startswith("a.wav") for name in slices) == n_slices


def test_files_stay_whole_and_where_they_are(tmp_path):
    for number in range(40):
        write_tone(tmp_path / f"{number}.wav", 2.0)
    before = names(Recordings(CLIP, str(tmp_path)))
    files = {split: {name.split("#")[0] for name in before[split]} for split in SPLITS}
    assert not (files["train"] & files["valid"] or files["train"] & files["test"] or files["valid"] & files["test"])
    assert 26 <= len(files["train"]) <= 36 and files["valid"] and files["test"]
    write_tone(tmp_path / "new.wav")
    after = names(Recordings(CLIP, str(tmp_path)))
    assert all(set(before[split]) <= set(after[split]) for split in SPLITS)


@pytest.mark.parametrize("n_files", [3, 4, 5])
def test_three_files_are_enough_for_three_splits(tmp_path, n_files):
    for number in range(n_files):
        write_tone(tmp_path / f"{number}.wav")
    assert all(names(Recordings(CLIP, str(tmp_path))).values())


def test_one_long_file_is_shared_out_by_slices(tmp_path):
    write_tone(tmp_path / "a.wav", 20.0)
    assert {split: len(found) for split, found in names(Recordings(CLIP, str(tmp_path))).items()} == {
        "train": 16,
        "valid": 2,
        "test": 2,
    }


def test_silent_slices_and_broken_files_are_skipped_and_named(tmp_path):
    write_tone(tmp_path / "b.wav", 5.0)
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    soundfile.write(tmp_path / "a.wav", np.concatenate([tone, np.zeros(16000), tone]), 16000)
    (tmp_path / "c.wav").write_text("no sound")
    data = Recordings(CLIP, str(tmp_path))
    data.prepare_data()
    data.setup()
    skipped = data.summary()["train"].skipped
    assert set(skipped) == {"a.wav#1", "c.wav"} and "silent" in skipped["a.wav#1"]
    batch = next(iter(data.test_dataloader()))
    assert batch.labels == {} and batch.f0_hz.median().item() == pytest.approx(330, rel=0.01)


def test_stereo_needs_a_choice(tmp_path):
    for number in range(3):
        write_tone(tmp_path / f"{number}.wav", n_channels=2)
    data = Recordings(CLIP, str(tmp_path))
    data.prepare_data()
    with pytest.raises(ValueError, match=r"data\.channel"):
        data.setup("fit")
    for channel in (0, "mix"):
        chosen = Recordings(CLIP, str(tmp_path), channel=channel)
        chosen.prepare_data()
        chosen.setup("fit")
        assert len(chosen.datasets["train"]) == 1


def test_a_folder_without_sound_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no clips"):
        Recordings(CLIP, str(tmp_path)).prepare_data()
