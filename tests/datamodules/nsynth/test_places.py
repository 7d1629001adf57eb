"""Notes are found where they lie, and a note's own file is held against the rate it should have."""

import json
import tarfile

import numpy as np
import pytest
import soundfile

from datamodules import FileSound, UnusableAudio
from datamodules.nsynth import archive, places
from datamodules.nsynth.archive import MemberSound
from datamodules.nsynth.places import ARCHIVES, NoteFile, NotesFolder, find_notes
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)
LISTING = json.dumps({"a": {}}).encode()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "nsynth-test"
    (folder / "audio").mkdir(parents=True)
    (folder / "examples.json").write_bytes(LISTING)
    soundfile.write(folder / "audio" / "a.wav", np.sin(np.arange(8000) / 9), 16000)
    return folder


def place(root, split="test"):
    return find_notes(str(root), split, str(root / "cache"))


def test_a_folder_gives_its_listing_and_its_notes(folder):
    found = place(folder.parent)
    assert found.listing() == LISTING and found.flaw == "" and found.label == str(folder / "examples.json")
    assert np.array_equal(found.sound("a", 16000).read(CLIP), FileSound(str(folder / "audio" / "a.wav")).read(CLIP))
    with pytest.raises(LookupError, match=r"b\.wav does not exist although"):
        found.sound("b", 16000)


def test_a_listing_or_note_of_any_size_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(places, "LARGEST_BYTES", len(LISTING) - 1)
    with pytest.raises(ValueError, match=r"examples\.json has 0\.0 GB, too many for a listing"):
        place(folder.parent).listing()
    monkeypatch.setattr(archive, "LARGEST_NOTE_BYTES", 16043)
    with pytest.raises(UnusableAudio, match=r"a\.wav has 0 MB, too many for a note"):
        NoteFile(str(folder / "audio" / "a.wav")).read(CLIP)


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("prefix", ["nsynth-test", ".", "./nsynth-test"])
def test_an_archive_gives_its_listing_and_its_notes(folder, tmp_path, name, prefix):
    path = tmp_path / name.format("test")
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        tar.add(folder, prefix)
    (folder / "examples.json").unlink()
    found = place(tmp_path)
    sound = found.sound("a", 16000)
    assert found.listing() == LISTING and isinstance(sound, MemberSound) and sound.archive == str(path)
    assert np.array_equal(sound.read(CLIP), FileSound(str(folder / "audio" / "a.wav")).read(CLIP))
    with pytest.raises(LookupError, match=r"b\.wav is not in it although"):
        found.sound("b", 16000)


def test_of_two_members_of_a_name_the_last_counts_as_if_unpacked(folder, tmp_path):
    with tarfile.open(tmp_path / "nsynth-valid.tar", "w") as tar:
        tar.add(folder, "nsynth-valid")
        soundfile.write(folder / "audio" / "a.wav", np.cos(np.arange(8000) / 9), 16000)
        tar.add(folder / "audio" / "a.wav", "nsynth-valid/audio/a.wav")
    read = place(tmp_path, "valid").sound("a", None).read(CLIP)
    assert np.array_equal(read, FileSound(str(folder / "audio" / "a.wav")).read(CLIP))


def test_a_root_that_is_a_folder_of_notes_is_not_for_training(folder):
    assert place(folder, "train") is None
    assert all(isinstance(place(folder, split), NotesFolder) for split in ("valid", "test"))
    assert place(folder.parent, "valid") is None


def test_a_file_that_is_not_there_or_of_another_rate_is_named(folder):
    with pytest.raises(UnusableAudio, match=r"b\.wav cannot be read"):
        NoteFile(str(folder / "audio" / "b.wav")).read(CLIP)
    with pytest.raises(UnusableAudio, match=r"a\.wav is sampled at 16000 Hz but its data set says 44100 Hz"):
        NoteFile(str(folder / "audio" / "a.wav"), stated_rate=44100).read(CLIP)
