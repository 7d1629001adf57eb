"""A folder of recordings becomes slices in three splits."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from datamodules import Recordings, Source
from datamodules.recordings.listening import Listener
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
SPLITS = ("train", "valid", "test")


def write_tone(path, duration_s=1.0, n_channels=1, f0_hz=330.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    phase = 2 * np.pi * f0_hz * np.arange(round(duration_s * 22050)) / 22050
    audio = np.stack([0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)] * n_channels, axis=1)
    soundfile.write(path, audio, 22050, format="AIFF" if path.suffix == ".aif" else None)


def write_melody(path, n_notes=8):
    """Notes of 0.4 to 0.8 s, a fifth apart, and where they begin."""
    audio, known_s = [np.zeros(8000)], []
    for number in range(n_notes):
        time_s = np.arange(6400 + 1600 * (number % 5)) / 16000
        f0_hz = 220 * 1.5 ** (number % 3)
        known_s.append(sum(map(len, audio)) / 16000)
        audio.append(0.3 * sum(np.sin(2 * np.pi * f0_hz * k * time_s) / k for k in (1, 2, 3)) * np.exp(-2 * time_s))
    soundfile.write(path, np.concatenate([*audio, np.zeros(16000)]), 16000)
    return known_s


def clips(data: Recordings) -> dict[str, list[Source]]:
    return {split: data.sources(split) for split in SPLITS}


def every_clip(data: Recordings) -> list[Source]:
    return [source for found in clips(data).values() for source in found]


def names(data: Recordings) -> dict[str, list[str]]:
    return {split: [source.name for source in found] for split, found in clips(data).items()}


def test_every_kind_of_file_in_every_folder_is_found(tmp_path):
    for name in ("a.wav", "b/c.FLAC", "b/d/e.ogg", "f.mp3", "g.aif", "h.AIFF"):
        write_tone(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not sound")
    write_tone(tmp_path / ".hidden" / "i.wav")
    found = {name for split in names(Recordings(CLIP, str(tmp_path))).values() for name in split}
    assert found == {"a.wav#0", "b/c.FLAC#0", "b/d/e.ogg#0", "f.mp3#0", "g.aif#0", "h.AIFF#0"}


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


def test_rests_are_named_but_silence_at_both_ends_is_not(tmp_path):
    for number, silence_s in enumerate((0.0, 1.7, 3.0)):
        silence, tone = np.zeros(round(16000 * silence_s)), 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
        rest = np.zeros(3 * 16000)
        soundfile.write(tmp_path / f"{number}.wav", np.concatenate([silence, tone, rest, tone, silence]), 16000)
    found = every_clip(Recordings(CLIP, str(tmp_path)))
    assert sum(not source.problem for source in found) == 6 and sum("silent" in source.problem for source in found) >= 6
    assert all(np.abs(source.sound.read(CLIP)).max() > 0.1 for source in found if not source.problem)
    untrimmed = every_clip(Recordings(CLIP, str(tmp_path), trim_db=None))
    assert len(untrimmed) == 5 + 9 + 11 and not any(source.problem for source in untrimmed)


def test_notes_are_cut_where_they_begin(tmp_path):
    known_s = write_melody(tmp_path / "a.wav")
    data = Recordings(CLIP, str(tmp_path), cut="onsets")
    found = every_clip(data)
    assert sorted(source.name for source in found) == sorted(f"a.wav#{index}" for index in range(len(known_s)))
    assert sorted(source.sound.start_s for source in found) == pytest.approx(known_s, abs=0.04)
    one_note = {source.name: source.sound.read(CLIP) for source in found}["a.wav#0"]
    sounding_s = np.flatnonzero(one_note)[-1] / 16000
    assert sounding_s == pytest.approx(known_s[1] - known_s[0], abs=0.04)
    going_on = Recordings(CLIP, str(tmp_path), cut="onsets", stop_at_next=False)
    whole = {source.name: source for source in every_clip(going_on)}
    assert np.abs(whole["a.wav#0"].sound.read(CLIP)[-4000:]).max() > 0.1


@pytest.mark.parametrize(
    "cutting", [{"hop_s": 0.3}, {"cut": "onsets", "stop_at_next": False}, {"cut": "onsets"}, {"hop_s": 1.5}]
)
def test_splits_of_one_file_share_no_sound(tmp_path, cutting):
    write_melody(tmp_path / "a.wav", 60)
    data = Recordings(CLIP, str(tmp_path), **cutting)
    reach_s = {source.name: getattr(source.sound, "duration_s", 1.0) for source in every_clip(data)}
    parts = [
        [(source.sound.start_s, source.sound.start_s + reach_s[source.name]) for source in sources]
        for sources in clips(data).values()
    ]
    assert all(len(part) >= 2 for part in parts)
    for part, following in itertools.pairwise(parts):
        assert max(end for _, end in part) <= min(start for start, _ in following) + 1e-6


@pytest.mark.parametrize("duration_s, n_clips", [(1.0, [1, 0, 0]), (2.0, [1, 1, 0]), (3.0, [1, 1, 1])])
def test_little_material_trains_before_it_tests(tmp_path, duration_s, n_clips):
    write_tone(tmp_path / "a.wav", duration_s)
    assert [len(found) for found in names(Recordings(CLIP, str(tmp_path))).values()] == n_clips


def test_files_are_heard_once(tmp_path, monkeypatch):
    for number in range(4):
        write_tone(tmp_path / f"{number}.wav")
    heard, listen = [], Listener.listen
    monkeypatch.setattr(Listener, "listen", lambda self, path: heard.append(Path(path).name) or listen(self, path))
    before, stamp = names(Recordings(CLIP, str(tmp_path))), Recordings(CLIP, str(tmp_path)).listing_stamp("train")
    assert len(heard) == 4
    assert names(Recordings(CLIP, str(tmp_path))) == before and len(heard) == 4
    assert Recordings(CLIP, str(tmp_path)).listing_stamp("train") == stamp
    write_tone(tmp_path / "2.wav", 3.0)
    changed = Recordings(CLIP, str(tmp_path))
    assert "2.wav#2" in {name for found in names(changed).values() for name in found}
    assert heard[4:] == ["2.wav"] and changed.listing_stamp("train") != stamp


def test_a_link_to_nowhere_is_named(tmp_path):
    write_tone(tmp_path / "a.wav", 3.0)
    (tmp_path / "b.wav").symlink_to(tmp_path / "gone.wav")
    assert {source.name for source in Recordings(CLIP, str(tmp_path)).sources("train") if source.problem} == {"b.wav"}


@pytest.mark.parametrize(
    "wrong, key",
    [
        ({"cut": "beats"}, "cut"),
        ({"hop_s": 0.0}, "hop_s"),
        ({"trim_db": -3.0}, "trim_db"),
        ({"cut": "onsets", "hop_s": 1.0}, "hop_s"),
    ],
)
def test_a_cut_that_cannot_be_made_is_an_error(tmp_path, wrong, key):
    with pytest.raises(ValueError, match=rf"data\.{key}"):
        Recordings(CLIP, str(tmp_path), **wrong)


def test_stereo_is_mixed_and_counted_or_chosen(tmp_path):
    for number in range(3):
        write_tone(tmp_path / f"{number}.wav", n_channels=2)
    data = Recordings(CLIP, str(tmp_path))
    data.prepare_data()
    assert data.prepare_report().count("1 are the mean of several channels (data.channel: 0 takes the first)") == 3
    mono = Recordings(CLIP, str(tmp_path), channel=None)
    mono.prepare_data()
    with pytest.raises(ValueError, match=r"data\.channel"):
        mono.setup("fit")
    for channel in (0, "mix"):
        chosen = Recordings(CLIP, str(tmp_path), channel=channel)
        chosen.prepare_data()
        chosen.setup("fit")
        assert len(chosen.datasets["train"]) == 1


def test_a_folder_without_sound_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no clips"):
        Recordings(CLIP, str(tmp_path)).prepare_data()
