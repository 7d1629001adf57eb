"""NSynth's own folders and archives, whole or in part."""

import json
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from datamodules import NSynth
from datamodules.source import Heard
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)
OCTAVES_OFF = "sounds one or more octaves off its label (used at the pitch it sounds)"
FAMILIES = {"bass": 0, "brass": 1, "flute": 2, "organ": 6, "synth_lead": 9}
SOURCES = {"acoustic": 0, "electronic": 1, "synthetic": 2}
ARCHIVES = ("nsynth-{}.tar", "nsynth-{}.jsonwav.tar", "nsynth-{}.jsonwav.tar.gz")


def write_note(folder, family="flute", source="acoustic", pitch=60, velocity=100, number=1, sounding=None):
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
        "qualities": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "sample_rate": 16000,
    }
    listing.write_text(json.dumps(notes))
    phase = 2 * np.pi * 440 * 2 ** (((sounding or pitch) - 69) / 12) * np.arange(8000) / 16000
    soundfile.write(folder / "audio" / f"{name}.wav", 0.3 * (np.sin(phase) + 0.5 * np.sin(2 * phase)), 16000)
    return name


@pytest.fixture
def root(tmp_path):
    return write_splits(tmp_path)


def write_splits(root):
    """Four notes in each of the three."""
    for split in ("train", "valid", "test"):
        for pitch in (72, 60, 48):
            write_note(root / f"nsynth-{split}", pitch=pitch)
        write_note(root / f"nsynth-{split}", "synth_lead", "synthetic", 64)
    return root


def pack(root, split, name):
    """The folder of a split becomes an archive; examples.json lies in the middle of it."""
    folder, path = root / f"nsynth-{split}", root / name.format(split)
    members = [f"audio/{path.name}" for path in sorted((folder / "audio").iterdir())]
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for member in (*members[:2], "examples.json", *members[2:]):
            tar.add(folder / member, f"nsynth-{split}/{member}")
    shutil.rmtree(folder)
    return path


def prepared(root, stage, **options) -> NSynth:
    data = NSynth(CLIP, str(root), **options)
    data.prepare_data()
    data.setup(stage)
    return data


def skipped(data, split="train") -> dict[str, str]:
    data.prepare_data()
    return data.summary()[split].skipped


def rewrite(folder, change):
    """Change the entries of examples.json in place."""
    notes = json.loads((folder / "examples.json").read_text())
    change(notes)
    (folder / "examples.json").write_text(json.dumps(notes))


def test_notes_come_sorted_with_labels_and_the_pitch_they_sound(root):
    batch = next(iter(prepared(root, "test").test_dataloader()))
    assert batch.name == sorted(batch.name) and len(batch.name) == 4
    assert batch.labels["pitch"].tolist() == [48, 60, 72, 64]
    assert batch.labels["instrument_family"].tolist() == [2, 2, 2, 9]
    assert (
        batch.labels["quality_bright"].tolist() == [1] * 4 and batch.labels["quality_tempo_synced"].tolist() == [0] * 4
    )
    heard = 69 + 12 * (batch.f0_hz.median(dim=1).values / 440).log2()
    assert (heard - batch.labels["pitch"]).abs().max() < 0.2


def test_labels_that_are_numbers_of_a_list_have_words(root):
    words = NSynth(CLIP, str(root)).label_names
    assert words["instrument_family"][9] == "synth_lead" and words["instrument_source"][2] == "synthetic"


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_gives_what_its_folder_gives(root, name):
    shutil.copytree(root / "nsynth-test", root / "nsynth-valid", dirs_exist_ok=True)
    pack(root, "test", name)
    data = NSynth(CLIP, str(root))
    data.prepare_data()
    for split in ("valid", "test"):
        data.setup("validate" if split == "valid" else "test")
    folder, archive = next(iter(data.val_dataloader())), next(iter(data.test_dataloader()))
    assert folder.name == archive.name and list(folder.labels) == list(archive.labels)
    for one, other in zip(folder[:3], archive[:3], strict=True):
        assert torch.equal(one, other)
    assert all(torch.equal(folder.labels[label], archive.labels[label]) for label in folder.labels)


def test_the_folder_comes_before_the_archives_and_the_tar_before_the_compressed_one(root):
    for pitch, name in zip((50, 51, 52), reversed(ARCHIVES), strict=True):
        write_note(root / "more" / "nsynth-train", pitch=pitch)
        shutil.move(pack(root / "more", "train", name), root)
    data = NSynth(CLIP, str(root))

    def pitches():
        return [source.labels["pitch"] for source in data.sources("train")]

    assert pitches() == [48, 60, 72, 64]
    (root / "nsynth-train" / "examples.json").unlink()
    assert pitches() == [52]
    (root / "nsynth-train.tar").unlink()
    assert pitches() == [51]
    (root / "nsynth-train.jsonwav.tar").unlink()
    assert pitches() == [50]
    (root / "nsynth-train.jsonwav.tar.gz").unlink()
    assert pitches() == []


def test_filters(root):
    assert len(NSynth(CLIP, str(root), families=["synth_lead"]).sources("train")) == 1
    assert len(NSynth(CLIP, str(root), instrument_sources=["acoustic"]).sources("train")) == 3
    assert len(NSynth(CLIP, str(root), pitches=(60, 64)).sources("train")) == 2
    assert len(NSynth(CLIP, str(root), velocities=[25]).sources("train")) == 0
    assert len(NSynth(CLIP, str(root), qualities=["bright"]).sources("train")) == 4
    assert len(NSynth(CLIP, str(root), without_qualities=["bright"]).sources("train")) == 0
    with pytest.raises(ValueError, match="choose from bass, brass"):
        NSynth(CLIP, str(root), families=["oboe"])


def test_filtering_tracks_nothing_again(root, monkeypatch):
    prepared(root, "fit")
    monkeypatch.setattr("datamodules.preparation.preparation.examine", lambda *_: pytest.fail("examined again"))
    assert len(prepared(root, "fit", families=["flute"]).datasets["train"]) == 3


@pytest.mark.parametrize("name", [None, ARCHIVES[0]])
def test_what_is_prepared_is_not_listed_again_until_it_changes(root, name, monkeypatch):
    path = root / "nsynth-train" / "examples.json" if name is None else pack(root, "train", name)
    prepared(root, "fit")
    with monkeypatch.context() as patch:
        patch.setattr(NSynth, "sources", lambda *_: pytest.fail("listed again"))
        prepared(root, "fit")
    stamps = [NSynth(CLIP, str(root), families=family).listing_stamp("train") for family in (None, ["flute"])]
    path.touch()
    stamps.append(NSynth(CLIP, str(root)).listing_stamp("train"))
    assert len(set(stamps)) == 3 and "" not in stamps and NSynth(CLIP, str(root / "none")).listing_stamp("train") == ""


def test_a_note_that_goes_changes_the_listing(root):
    data = NSynth(CLIP, str(root))
    before = data.listing_stamp("train")
    next((root / "nsynth-train" / "audio").iterdir()).unlink()
    assert data.listing_stamp("train") != before


def test_a_single_folder_is_for_testing(root):
    data = prepared(root / "nsynth-test", "test")
    assert len(data.datasets["test"]) == 4
    data.setup("validate")
    with pytest.raises(ValueError, match="no train clips"):
        data.setup("fit")


@pytest.mark.parametrize("name", [None, *ARCHIVES])
def test_bad_notes_are_skipped_and_named_wherever_they_lie(root, name):
    folder = root / "nsynth-train"
    wrong = [write_note(folder, "bass", pitch=pitch) for pitch in range(40, 47)]
    audio = [folder / "audio" / f"{each}.wav" for each in wrong]
    audio[0].unlink()
    audio[1].write_bytes(b"these are words" * 100)
    soundfile.write(audio[2], soundfile.read(audio[2])[0], 44100)
    audio[3].write_bytes(audio[3].read_bytes()[:-1000])
    rewrite(folder, lambda notes: notes[wrong[4]].pop("velocity"))
    rewrite(folder, lambda notes: notes.update({wrong[5]: "not a note"}))
    text = (folder / "examples.json").read_text()
    (folder / "examples.json").write_text(f'{text[:-1]}, "{wrong[6]}": {{"pitch": 99}}}}')
    if name is not None:
        pack(root, "train", name)
    data = prepared(root, "fit")
    assert len(data.datasets["train"]) == 5
    first = data.datasets["train"][0]
    assert first.name == wrong[6] and first.labels["pitch"] == 46
    reasons = skipped(data)
    assert set(reasons) == {*wrong[:6], f"{wrong[6]} (again)"}
    for each, reason in {
        wrong[0]: "unpack the data set again" if name is None else "is not in it although",
        wrong[1]: "cannot be read as sound",
        wrong[2]: "44100 Hz but its data set says 16000 Hz",
        wrong[3]: "cut off",
        wrong[4]: "gives no velocity",
        wrong[5]: "gives no fields",
        f"{wrong[6]} (again)": f"names {wrong[6]} twice: the first entry counts",
    }.items():
        assert reason in reasons[each] and each.removesuffix(" (again)") in reasons[each]


def test_a_note_whose_stated_rate_is_mended_is_read_again(root):
    name = "flute_acoustic_001-060-100"
    rewrite(root / "nsynth-train", lambda notes: notes[name].update(sample_rate=44100))
    assert "16000 Hz but its data set says 44100 Hz" in skipped(NSynth(CLIP, str(root)))[name]
    rewrite(root / "nsynth-train", lambda notes: notes[name].update(sample_rate=16000))
    assert skipped(NSynth(CLIP, str(root))) == {}


def test_a_filter_by_quality_names_notes_without_qualities(root):
    rewrite(root / "nsynth-train", lambda notes: notes["flute_acoustic_001-060-100"].pop("qualities"))
    assert len(prepared(root, "fit").datasets["train"]) == 4
    data = prepared(root, "fit", qualities=["bright"])
    assert len(data.datasets["train"]) == 3 and "gives no qualities" in skipped(data)["flute_acoustic_001-060-100"]


def test_notes_known_to_be_noise_are_left_out(root):
    name = write_note(root / "nsynth-test", "brass", "acoustic", 90, 50, 46)
    kept = write_note(root / "nsynth-test", "brass", "acoustic", 60, 50, 46)
    data = prepared(root, "test")
    assert "noise" in skipped(data, "test")[name] and kept in [clip.name for clip in data.datasets["test"]]


def test_a_note_is_held_against_its_label_octaves_aside(root):
    folder = root / "nsynth-train"
    octave = write_note(folder, "bass", pitch=45, sounding=57)
    sharp = write_note(folder, "bass", pitch=50, sounding=50.8)
    both = write_note(folder, "bass", pitch=52, sounding=39.3)
    data = prepared(root, "fit")
    reasons = skipped(data)
    assert set(reasons) == {sharp, both} and sharp in reasons[sharp]
    assert re.search(r"Hz, (79|8\d) cents from its label \(MIDI 50\)", reasons[sharp])
    assert re.search(r"-(6|7)\d cents", reasons[both])
    assert octave in [clip.name for clip in data.datasets["train"]]
    assert data.summary()["train"].remarks == {f"bass: {OCTAVES_OFF}": 1}
    assert len(prepared(root, "fit", pitch_tolerance_cents=75).datasets["train"]) == 6
    lenient = prepared(root, "fit", pitch_tolerance_cents=None)
    assert len(lenient.datasets["train"]) == 7
    assert lenient.summary()["train"].remarks == {
        f"bass: {OCTAVES_OFF}": 1,
        "sounds off its label": 2,
    }


def test_a_note_that_is_mostly_silent_is_remarked_upon(root):
    data, labels = NSynth(CLIP, str(root)), {"pitch": 69.0, "instrument_family": 6.0}
    assert data.remark("a", labels, Heard(440, 0.3, 0.49)) == "silent for more than half"
    assert data.remark("a", labels, Heard(440, 0.3, 0.51)) == ""
    assert data.remark("a", labels, Heard(220, 0.3, 0.2)) == f"organ: {OCTAVES_OFF}, silent for more than half"


def test_octaves_are_counted_per_family_and_named_in_a_file(root):
    folder = root / "nsynth-train"
    names = [write_note(folder, family, pitch=48, sounding=60) for family in ("bass", "organ")]
    names.append(write_note(folder, "organ", pitch=50, sounding=62))
    data = prepared(root, "fit")
    remarks = data.summary()["train"].remarks
    assert {remark: n for remark, n in remarks.items() if OCTAVES_OFF in remark} == {
        f"bass: {OCTAVES_OFF}": 1,
        f"organ: {OCTAVES_OFF}": 2,
    }
    report = data.prepare_report()
    assert f"  2 organ: {OCTAVES_OFF}" in report
    path = re.search(r"noticed of which clip: (.*tsv)", report)[1]
    lines = Path(path).read_text().splitlines()
    assert sorted(line.partition("\t")[0] for line in lines if OCTAVES_OFF in line) == sorted(names)


def test_what_is_far_from_a_label_does_not_depend_on_the_octave(root):
    data = NSynth(CLIP, str(root))
    for octave in (-3, -1, 0, 1, 2):
        for cents, fits in ((-600, False), (-51, False), (-49, True), (0, True), (49, True), (51, False), (599, False)):
            heard = Heard(440 * 2 ** (octave + cents / 1200), 1.0, 1.0)
            assert (data.objection("a", {"pitch": 69.0}, heard) == "") == fits
    assert data.objection("a", {"pitch": 69.0}, Heard(0.0, 0.0, 1.0)) == ""


@pytest.mark.parametrize("name", ARCHIVES)
def test_of_a_cut_archive_the_notes_before_the_cut_are_used_and_the_others_named(root, name):
    path = pack(root, "train", name)
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.truncate(size * 4 // 5 if name.endswith("gz") else size - 11000)
    data = prepared(root, "fit")
    reasons = skipped(data)
    assert len(data.datasets["train"]) == 3 and len(reasons) == 2
    assert "lies where the archive is cut off" in reasons["synth_lead_synthetic_001-064-100"]
    flaw = next(reason for each, reason in reasons.items() if each.startswith(str(path)))
    assert str(path) in flaw and "download it again" in flaw


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_without_its_listing_is_refused(root, name):
    path = pack(root, "train", name)
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 3)
    with pytest.raises(ValueError, match=rf"no examples\.json.*{path.name} is cut off.*download it again"):
        NSynth(CLIP, str(root)).sources("train")


def test_a_tar_of_something_else_is_refused(root):
    shutil.rmtree(root / "nsynth-train")
    with tarfile.open(root / "nsynth-train.tar", "w") as tar:
        tar.add(__file__, "something.txt")
    with pytest.raises(ValueError, match=r"nsynth-train\.tar is not an archive of NSynth"):
        NSynth(CLIP, str(root)).sources("train")


def test_broken_json_is_named(root):
    (root / "nsynth-valid" / "examples.json").write_text('{"half')
    with pytest.raises(ValueError, match=r"examples\.json is not valid JSON"):
        NSynth(CLIP, str(root)).prepare_data()
