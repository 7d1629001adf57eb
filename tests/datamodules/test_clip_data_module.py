"""Clips are tracked once, kept while nothing changed, and come out as batches."""

import dataclasses
import hashlib
import json
import os
import shutil
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from torch.utils.data import DataLoader

from datamodules import ClipDataModule, FileSound, Pitch, PitchTracker, Slice, Source, Yin
from datamodules.augmentation import Augmenter, Level
from datamodules.clip_dataset import collate
from datamodules.preparation import local_copy
from datamodules.preparation import shards as shards_module
from synths.clip import Clip, ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)


class CountingTracker(PitchTracker):
    """Says 100 Hz of everything, counts what it was asked, and breaks off when told to."""

    def __init__(self, name: str = "counting", patience: int = 1000) -> None:
        self.name, self.patience, self.n_tracked = name, patience, 0

    @property
    def identity(self) -> str:
        return self.name

    def track(self, audio: np.ndarray, clip: ClipFormat) -> Pitch:
        if self.n_tracked == self.patience:
            raise KeyboardInterrupt
        self.n_tracked += 1
        return Pitch(np.full(clip.n_frames, 100, np.float32), np.ones(clip.n_frames, np.float32))


class Folder(ClipDataModule):
    """Every WAV file of the root/<split> folders, or those whose name ends so."""

    def __init__(self, clip, root, ending="", least_hz=0.0, **options):
        super().__init__(clip, root, **options)
        self.ending, self.least_hz = ending, least_hz
        self.stamped, self.n_listed, self.n_judged = False, 0, 0

    def sources(self, split: str) -> list[Source]:
        self.n_listed += 1
        paths = sorted((Path(self.root) / split).glob(f"*{self.ending}.wav"))
        return [Source(path.stem, FileSound(str(path)), {"number": float(row)}) for row, path in enumerate(paths)]

    def listing_stamp(self, split: str) -> str:
        folder = Path(self.root) / split
        return str(folder.stat().st_mtime_ns) if self.stamped and folder.is_dir() else ""

    def objection(self, name, labels, heard):
        self.n_judged += 1
        return "" if heard.median_f0_hz >= self.least_hz else f"{name} sounds at {heard.median_f0_hz:g} Hz."

    def remark(self, name, labels, heard):
        return "is one of the first two" if labels["number"] < 2 else ""


def write_tone(path, f0_hz=220.0):
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * f0_hz * np.arange(3200) / 16000), 16000)


@pytest.fixture
def root(tmp_path):
    for split, n_clips in (("train", 7), ("valid", 2), ("test", 3)):
        for number in range(n_clips):
            write_tone(tmp_path / split / f"{split}{number}.wav")
    return tmp_path


def n_tracked(root, clip=CLIP, name="counting", **options) -> int:
    tracker = CountingTracker(name)
    Folder(clip, str(root), tracker=tracker, **options).prepare_data()
    return tracker.n_tracked


def test_nothing_is_tracked_twice(root):
    assert n_tracked(root) == 12
    assert n_tracked(root) == 0


def test_another_tracker_or_format_tracks_anew(root):
    n_tracked(root)
    assert n_tracked(root, name="other") == 12
    assert n_tracked(root, ClipFormat(16000, 3200, 80)) == 12
    assert n_tracked(root, ClipFormat(16000, 1600, 160)) == 12
    assert n_tracked(root, ClipFormat(22050, 3200, 160)) == 12
    assert n_tracked(root) == 0


def test_a_changed_or_new_file_is_tracked_again(root):
    n_tracked(root)
    soundfile.write(root / "train" / "train3.wav", 0.1 * np.cos(np.arange(1600) / 4), 16000)
    write_tone(root / "train" / "train9.wav")
    assert n_tracked(root) == 2


def test_an_interrupted_prepare_goes_on_where_it_was(root, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False)
    for number in range(100):
        write_tone(root / "train" / f"more{number}.wav")
    with pytest.raises(KeyboardInterrupt):
        Folder(CLIP, str(root), tracker=CountingTracker(patience=70)).prepare_data()
    assert n_tracked(root) == 112 - 64, "the first unit of 64 was kept"


def digests(folder) -> dict[str, str]:
    files = [path for path in Path(folder).rglob("*") if path.is_file() and not path.match("*-*.verified.json")]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda path: path.write_bytes(b"torn"), lambda path: path.write_bytes(b"")]
)
def test_whatever_is_damaged_is_made_anew(root, harm):
    n_tracked(root)
    before = digests(root / ".timbre")
    kinds = {"audio.npy": 7, "pitch.npy": 7, "index.jsonl": 7, "meta.json": 0, "selection": 0}
    for kind, n_made_anew in kinds.items():
        (damaged,) = (root / ".timbre").glob(f"train-*/*{kind}*")
        harm(damaged)
        assert n_tracked(root) == n_made_anew, kind
        assert digests(root / ".timbre") == before, kind


def test_a_damaged_plan_is_no_matter(root):
    n_tracked(root)
    for path in (root / ".timbre").glob("*/plan-*.json"):
        path.write_text("[")
    assert n_tracked(root) == 0
    write_tone(root / "train" / "train9.wav")
    assert n_tracked(root) == 1 and n_tracked(root) == 0


def test_shards_that_something_else_made_are_refused(root):
    n_tracked(root)
    (path,) = (root / ".timbre").glob("train-*/meta.json")
    path.write_text(path.read_text().replace('"hop": 160', '"hop": 80'))
    with pytest.raises(ValueError, match=r"hop 80, not 160.*--data\.cache"):
        n_tracked(root)


def test_the_cache_goes_where_it_is_told(root, tmp_path_factory):
    cache = tmp_path_factory.mktemp("elsewhere") / "cache"
    n_tracked(root, cache=str(cache))
    assert len(list(cache.glob("*/selection-*.npz"))) == 3 and not (root / ".timbre").exists()
    (cache / "file").write_text("")
    with pytest.raises(OSError, match=r"--data\.cache"):
        n_tracked(root, cache=str(cache / "file" / "below"))


def test_a_run_on_what_is_prepared_writes_nothing(root):
    n_tracked(root)
    paths = [root / ".timbre", *(root / ".timbre").rglob("*")]
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}
    data = Folder(CLIP, str(root), tracker=CountingTracker(patience=0))
    data.prepare_data()
    data.setup()
    assert len([clip for clip in data.datasets["train"]]) == 7
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths} == before
    assert set(paths) == {root / ".timbre", *(root / ".timbre").rglob("*")}


def prepared(root, **options) -> Folder:
    data = Folder(CLIP, str(root), tracker=CountingTracker(), **options)
    data.prepare_data()
    data.setup("fit")
    return data


def names(data: ClipDataModule, split: str = "train") -> list[str]:
    return [clip.name for clip in data.datasets[split]]


def test_other_filters_prepare_nothing_again_and_choose_their_own(root):
    all_of_it, few = prepared(root), prepared(root, ending="[123]")
    assert few.tracker.n_tracked == 0
    assert names(few) == ["train1", "train2", "train3"] and len(names(all_of_it)) == 7
    assert [float(clip.labels["number"]) for clip in few.datasets["train"]] == [0, 1, 2]
    assert len(list((root / ".timbre").glob("train-*/selection-*.npz"))) == 2
    again = Folder(CLIP, str(root), tracker=CountingTracker())
    again.setup("fit")
    assert names(again) == names(all_of_it)


def test_what_chooses_no_clips_needs_no_other_selection(root):
    prepared(root)
    data = Folder(CLIP, str(root), tracker=CountingTracker(), batch_size=3, num_workers=1, seed=7)
    data.setup("fit")
    assert len(names(data)) == 7


def test_clips_come_in_the_order_of_the_listing_with_their_own_sound(root):
    for number in (3, 30, 300):
        write_tone(root / "train" / f"at{number}.wav", 200.0 + number)
    data = prepared(root)
    paths = sorted((root / "train").glob("*.wav"))
    assert names(data) == [path.stem for path in paths]
    for clip, path in zip(data.datasets["train"], paths, strict=True):
        assert np.array_equal(clip.audio.numpy(), soundfile.read(path, dtype="float32")[0])


def test_what_is_gone_is_no_longer_used(root):
    prepared(root)
    (root / "train" / "train2.wav").unlink()
    data = prepared(root)
    assert data.tracker.n_tracked == 0 and len(names(data)) == 6 and "train2" not in names(data)


def test_what_changed_sounds_as_it_does_now(root):
    prepared(root)
    write_tone(root / "train" / "train2.wav", 300)
    os.utime(root / "train" / "train2.wav", (1, 1))  # a clock that was set back, or an older file
    data = prepared(root)
    assert data.tracker.n_tracked == 1
    clip = next(clip for clip in data.datasets["train"] if clip.name == "train2")
    assert np.array_equal(clip.audio.numpy(), soundfile.read(root / "train" / "train2.wav", dtype="float32")[0])


def test_a_listing_that_is_stamped_is_not_made_again(root):
    def prepare(**options) -> Folder:
        data = Folder(CLIP, str(root), tracker=CountingTracker())
        data.stamped = True
        data.prepare_data(**options)
        return data

    assert prepare().n_listed == 3
    assert prepare().n_listed == 0
    assert prepare(listed_anew=True).n_listed == 3
    write_tone(root / "train" / "train9.wav")
    data = prepare()
    assert (data.n_listed, data.tracker.n_tracked) == (1, 1)
    assert prepare().n_listed == 0


def test_objections_are_judged_anew_and_nothing_tracked_for_it(root):
    assert len(names(prepared(root))) == 7
    data = Folder(CLIP, str(root), tracker=CountingTracker(), least_hz=101)
    data.prepare_data()
    n_usable, skipped, remarks = data.summary()["train"]
    assert (n_usable, len(skipped), remarks) == (0, 7, {}) and data.tracker.n_tracked == 0
    assert skipped["train3"] == "train3 sounds at 100 Hz."
    assert "and 4 more for the same reason" in data.prepare_report()
    with pytest.raises(ValueError, match=r"None of the 7 train clips .* the first: train0 sounds at 100 Hz"):
        data.setup("fit")
    assert len(names(prepared(root))) == 7


def test_what_is_remarked_is_counted(root):
    data = prepared(root)
    assert [summary.remarks for summary in data.summary().values()] == [{"is one of the first two": 2}] * 3
    assert "  2 is one of the first two" in data.prepare_report().splitlines()


def test_slices_complete_each_other(root):
    for number in (2, 3, 1):
        data = Folder(CLIP, str(root), tracker=CountingTracker())
        data.prepare_data(Slice(number, 3))
    assert [summary.n_usable for summary in data.summary().values()] == [7, 2, 3]


def test_a_slice_alone_is_not_all(root):
    data = Folder(CLIP, str(root), tracker=CountingTracker())
    data.prepare_data(Slice(1, 2))
    assert data.summary()["train"] is None and "train: no clips, or not all" in data.prepare_report()
    with pytest.raises(ValueError, match="timbre prepare"):
        data.setup("fit")


def test_shards_suffice_without_the_root(root, tmp_path):
    cache = tmp_path / "shards"
    sounds = [clip.audio for clip in prepared(root, cache=str(cache)).datasets["train"]]
    moved = tmp_path / "moved"
    shutil.move(cache, moved)
    for split in ("train", "valid", "test"):
        shutil.rmtree(root / split)
    data = Folder(CLIP, str(tmp_path / "nowhere"), tracker=CountingTracker(), cache=str(moved))
    data.prepare_data()
    data.setup()
    assert all(torch.equal(clip.audio, sound) for clip, sound in zip(data.datasets["train"], sounds, strict=True))
    other = Folder(CLIP, str(tmp_path / "nowhere"), tracker=CountingTracker(), cache=str(moved), ending="1")
    with pytest.raises(FileNotFoundError, match=r"nowhere.*data\.root"):
        other.prepare_data()


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("kind", ["audio.npy", "pitch.npy", "index.jsonl"])
def test_a_changed_bit_is_named_and_mended_before_it_is_trained_on(root, kind, stamped):
    def prepare() -> None:
        data = Folder(CLIP, str(root), tracker=CountingTracker())
        data.stamped = stamped
        data.prepare_data()

    prepare()
    before = digests(root / ".timbre")
    (path,) = (root / ".timbre").glob(f"train-*/00000.{kind}")
    flip_a_bit(path)
    with pytest.warns(UserWarning, match=rf"{path} is not what was written .* prepared again"):
        prepare()
    assert digests(root / ".timbre") == before


def test_a_changed_bit_that_cannot_be_mended_is_refused(root, tmp_path):
    prepared(root, cache=str(tmp_path / "shards"))
    (path,) = (tmp_path / "shards").glob("train-*/00000.audio.npy")
    flip_a_bit(path)
    data = Folder(CLIP, str(tmp_path / "nowhere"), tracker=CountingTracker(), cache=str(tmp_path / "shards"))
    for _ in range(2):
        with pytest.raises(ValueError, match=rf"{path} is not what was written .* give data\.root"):
            data.prepare_data()


def test_shards_are_read_through_once(root, monkeypatch):
    prepared(root)
    read = []
    plain = shards_module.sha256
    monkeypatch.setattr(shards_module, "sha256", lambda path: read.append(path.name) or plain(path))
    prepared(root)
    assert not read, "whoever wrote them knows them"
    for path in (root / ".timbre").glob("*.verified.json"):
        path.unlink()
    prepared(root)
    assert sorted(set(read)) == ["00000.audio.npy", "00000.index.jsonl", "00000.pitch.npy"] and len(read) == 9
    prepared(root)
    assert len(read) == 9


def test_relative_and_linked_roots_are_the_same(root, tmp_path_factory, monkeypatch):
    n_tracked(root)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "link").symlink_to(root)
    assert n_tracked(elsewhere / "link") == 0
    monkeypatch.chdir(elsewhere)
    assert n_tracked("link") == 0
    monkeypatch.chdir(root)
    assert n_tracked(".") == 0


def test_what_is_chosen_is_copied_and_read_from_the_copy(root, tmp_path, monkeypatch):
    prepared(root, ending="1")
    prepared(root)  # train1 and valid1 are in shards of their own
    few = prepared(root, ending="1", copy_to=str(tmp_path / "local"))
    copied = {path.name for path in (tmp_path / "local").glob("train-*/*")}
    assert copied == {"00000.audio.npy", "00000.pitch.npy"} and names(few) == ["train1"]
    data = prepared(root, copy_to=str(tmp_path / "local"))
    sounds = [clip.audio for clip in data.datasets["train"]]
    before = {path: path.stat().st_ino for path in (tmp_path / "local").rglob("*")}
    assert len(before) == 15  # three splits of two shards of two files
    for path in (root / ".timbre").rglob("*.npy"):
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, ns=(0, (tmp_path / "local" / path.relative_to(root / ".timbre")).stat().st_mtime_ns))
    data = prepared(root, copy_to=str(tmp_path / "local"))
    assert all(torch.equal(clip.audio, sound) for clip, sound in zip(data.datasets["train"], sounds, strict=True))
    assert {path: path.stat().st_ino for path in (tmp_path / "local").rglob("*")} == before


def test_a_local_disk_without_room_is_refused(root, tmp_path, monkeypatch):
    monkeypatch.setattr(local_copy.shutil, "disk_usage", lambda folder: namedtuple("Usage", "free")(100))
    with pytest.raises(OSError, match=r"has room for .*--data\.copy_to"):
        prepared(root, copy_to=str(tmp_path / "local"))


def test_what_is_no_longer_as_it_was_written_is_named(root):
    data = prepared(root)
    assert data.damaged() == []
    (path,) = (root / ".timbre").glob("valid-*/*.audio.npy")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert data.damaged() == [str(path)]
    path.unlink()
    assert data.damaged() == [str(path)]


def test_the_index_is_for_people_and_other_programs_too(root):
    prepared(root)
    (path,) = (root / ".timbre").glob("train-*/00000.index.jsonl")
    head, *lines = map(json.loads, path.read_text().splitlines())
    assert [line["labels"]["number"] for line in lines] == list(range(7))
    assert [(line["name"], line["row"]) for line in lines] == [(f"train{row}", row) for row in range(7)]
    meta = json.loads((path.parent / "meta.json").read_text())
    assert meta["made_by"]["f0_tracker"] == "counting" and meta["hash"] == head["made_by"]


def test_unusable_clips_are_skipped_and_named(root):
    (root / "train" / "words.wav").write_text("no sound")
    soundfile.write(root / "train" / "silent.wav", np.zeros(3200), 16000)
    soundfile.write(root / "train" / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(3200), 16000)
    data = Folder(CLIP, str(root))
    data.prepare_data()
    data.setup("fit")
    assert len(data.datasets["train"]) == 7
    n_usable, skipped, _ = data.summary()["train"]
    assert n_usable == 7 and set(skipped) == {"words", "silent", "noise"}
    assert "cannot be read" in skipped["words"] and "silent" in skipped["silent"] and "pitch" in skipped["noise"]
    assert "train: 7 clips, 3 skipped" in data.prepare_report() and "words.wav" in data.prepare_report()


def test_many_clips_are_tracked_by_several_processes(root):
    for number in range(80):
        write_tone(root / "train" / f"more{number}.wav", 200.0 + number)
    data = Folder(CLIP, str(root), tracker=Yin())
    data.prepare_data()
    data.setup("fit")
    heard = {clip.name: float(clip.f0_hz.median()) for clip in data.datasets["train"]}
    assert all(heard[f"more{number}"] == pytest.approx(200 + number, rel=0.01) for number in range(80))


def test_batches_have_every_field(root):
    data = Folder(CLIP, str(root), batch_size=3, tracker=CountingTracker())
    data.prepare_data()
    data.setup()
    batch = next(iter(data.val_dataloader()))
    assert isinstance(batch, Clip) and batch.name == ["valid0", "valid1"]
    assert batch.audio.shape == (2, 3200) and batch.f0_hz.shape == batch.confidence.shape == (2, 20)
    assert all(field.dtype == torch.float32 for field in (*batch[:3], batch.labels["number"]))
    assert batch.labels["number"].tolist() == [0, 1]
    assert [batch.name for batch in data.predict_dataloader()] == [["test0", "test1", "test2"]]


def test_training_order_follows_the_seed(root):
    n_tracked(root)

    def order(seed: int) -> list[str]:
        data = Folder(CLIP, str(root), batch_size=3, tracker=CountingTracker(), seed=seed)
        data.setup("fit")
        return [name for batch in data.train_dataloader() for name in batch.name]

    assert order(0) == order(0) != order(1)
    assert len(order(0)) == 6  # the last, incomplete batch is left out


def test_workers_read_the_same_clips(root):
    n_tracked(root)
    data = Folder(CLIP, str(root), batch_size=2, num_workers=1, tracker=CountingTracker())
    data.setup("test")
    assert [name for batch in data.test_dataloader() for name in batch.name] == ["test0", "test1", "test2"]


def test_what_is_missing_is_said(root, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.*data\.root"):
        Folder(CLIP, str(tmp_path / "nowhere")).prepare_data()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no clips.*data\.root"):
        Folder(CLIP, str(tmp_path / "empty")).prepare_data()
    with pytest.raises(ValueError, match="prepare"):
        Folder(CLIP, str(root)).setup("fit")
    (root / "train").rename(root / "gone")
    data = Folder(CLIP, str(root), tracker=CountingTracker())
    data.prepare_data()
    data.setup("test")
    with pytest.raises(ValueError, match="no train clips"):
        data.setup("fit")


def test_every_reason_is_in_a_file_that_the_report_names(root):
    for number in range(5):
        soundfile.write(root / "train" / f"silent{number}.wav", np.zeros(3200), 16000)
    data = Folder(CLIP, str(root), tracker=CountingTracker())
    data.prepare_data()
    (path,) = (root / ".timbre").glob("train-*/skipped-*.tsv")
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    assert {name: reason for name, reason in lines} == data.summary()["train"].skipped and len(lines) == 5
    report = data.prepare_report()
    assert f"Every reason: {path}" in report and "Every reason" in report.splitlines()[-1]


def test_a_shard_that_is_gone_is_made_again_without_being_asked(root):
    data = Folder(CLIP, str(root), tracker=CountingTracker())
    data.stamped = True
    data.prepare_data()
    (shard,) = (root / ".timbre").glob("train-*/*.audio.npy")
    before = shard.read_bytes()
    shard.unlink()
    data.prepare_data()
    assert shard.read_bytes() == before


def test_training_clips_alone_are_augmented_by_seed_epoch_and_name(root):
    louder = Level(6, 6, chance=1.0)
    plain = prepared(root, batch_size=7)
    data = prepared(root, batch_size=7, augmentations=[louder])
    data.trainer = SimpleNamespace(
        training=True, train_dataloader=SimpleNamespace(epoch=3), state=SimpleNamespace(fn=None)
    )
    batch = next(iter(DataLoader(data.datasets["train"], 7, collate_fn=collate)))
    changed = data.on_after_batch_transfer(batch, 0)
    assert torch.equal(changed.audio, Augmenter([louder], CLIP, data.seed)(batch, epoch=3).audio)
    assert not torch.equal(changed.audio, batch.audio)
    data.trainer.training = False
    assert data.on_after_batch_transfer(batch, 0) is batch
    (before,), (after,) = plain.clips_for_ranges(1), data.clips_for_ranges(1)
    assert before.name == after.name and torch.allclose(after.audio, before.audio * 10 ** (6 / 20))


def test_every_epoch_is_augmented_differently(root):
    data = prepared(root, batch_size=7, augmentations=[Level(-12, 12, chance=1.0)])
    loader = SimpleNamespace(epoch=0)
    data.trainer = SimpleNamespace(training=True, train_dataloader=loader, state=SimpleNamespace(fn=None))
    (batch,) = prepared(root, batch_size=7).clips_for_ranges(1)
    first = data.on_after_batch_transfer(batch, 0).audio
    assert torch.equal(first, data.on_after_batch_transfer(batch, 0).audio)
    loader.epoch = 1
    assert not torch.equal(first, data.on_after_batch_transfer(batch, 0).audio)


def test_the_ranges_are_taken_from_the_same_clips_on_every_rank(root):
    def names_on(rank: int) -> list[list[str]]:
        data = prepared(root, batch_size=2)
        data.trainer = SimpleNamespace(global_rank=rank, world_size=2, state=SimpleNamespace(fn=None))
        return [batch.name for batch in data.clips_for_ranges()]

    assert names_on(0) == names_on(1) and sum(map(len, names_on(0))) == 7


def test_a_split_that_lost_all_its_clips_is_no_longer_used(root):
    prepared(root)
    for path in (root / "valid").iterdir():
        path.unlink()
    data = Folder(CLIP, str(root), tracker=CountingTracker())
    data.prepare_data()
    with pytest.raises(ValueError, match="no valid clips"):
        data.setup("validate")


def test_a_file_name_that_is_no_text_is_a_name(root):
    (root / "train" / os.fsdecode(b"torn\xff.wav")).write_text("no sound")
    os.rename(root / "train" / "train0.wav", root / "train" / os.fsdecode(b"sound\xff.wav"))
    data = prepared(root)
    assert len(names(data)) == 7 and "sound\udcff" in names(data)
    assert r"skipped torn\udcff" in data.prepare_report()


def of_process(data: Folder, rank: int, world_size: int) -> Folder:
    """As a run of several processes sees it."""
    data.trainer = SimpleNamespace(global_rank=rank, world_size=world_size, state=SimpleNamespace(fn=None))
    return data


@pytest.mark.parametrize("world_size", [1, 2, 3, 5, 7])
def test_validation_clips_are_shared_out_once_each_in_order(root, world_size):
    for number in range(2, 7):
        write_tone(root / "valid" / f"valid{number}.wav")
    data = prepared(root, batch_size=2)
    shares = [
        [name for batch in of_process(data, rank, world_size).val_dataloader() for name in batch.name]
        for rank in range(world_size)
    ]
    assert [name for share in shares for name in share] == [f"valid{number}" for number in range(7)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_too_few_validation_clips_to_share_are_validated_by_every_process(root):
    """A process without a batch would have no figures to agree on with the others."""
    data = prepared(root)
    for rank in range(3):
        (batch,) = of_process(data, rank, 3).val_dataloader()
        assert batch.name == ["valid0", "valid1"]


@pytest.mark.parametrize("world_size", [1, 2, 3, 5])
def test_test_clips_are_shared_out_in_whole_batches(root, world_size):
    """A batch holds the same on any number of processes; each has one at least; what was tested is left out."""
    for number in range(3, 7):
        write_tone(root / "test" / f"test{number}.wav")
    data = prepared(root, batch_size=2)
    data.setup("test")
    alone = [batch.name for batch in of_process(data, 0, 1).test_dataloader()]
    assert alone == [["test0", "test1"], ["test2", "test3"], ["test4", "test5"], ["test6"]]
    for tested in ({}, {1}, {0, 1, 2, 3}):
        data.tested = frozenset(tested)
        dealt = []
        for rank in range(world_size):
            numbers = of_process(data, rank, world_size).test_batches
            assert [batch.name for batch in data.test_dataloader()] == [alone[number] for number in numbers]
            dealt += numbers
        left = {0, 1, 2, 3} - set(tested)
        assert left <= set(dealt) <= left | {3} and len(dealt) == max(len(left), world_size, 1)


def test_the_identity_of_the_test_clips(root):
    """Changes with the clips, and with what hears their pitch."""
    data = prepared(root)
    data.setup("test")
    before, again = data.test_identity(), prepared(root)
    again.setup("test")
    assert again.test_identity() == before
    write_tone(root / "test" / "test9.wav")
    more = prepared(root)
    more.setup("test")
    assert more.test_identity() != before


def test_predicted_clips_are_never_shared_out(root):
    data = prepared(root)
    data.setup("test")
    loader = of_process(data, 1, 3).predict_dataloader()
    assert [name for batch in loader for name in batch.name] == ["test0", "test1", "test2"]


def test_the_hash_of_the_data_knows_no_places_and_no_dates(root, tmp_path_factory):
    before = prepared(root).data_hash()
    assert len(before) == 12
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(root, elsewhere)
    assert prepared(elsewhere).data_hash() == before
    shutil.rmtree(elsewhere / ".timbre")
    for path in (elsewhere / "train").iterdir():
        os.utime(path, (0, 0))
    assert prepared(elsewhere).data_hash() == before, "prepared anew"
    assert prepared(root, batch_size=3, seed=9, num_workers=1, augmentations=[Level(0, 1)]).data_hash() == before


def louder(root: Path) -> dict:
    soundfile.write(root / "train" / "train3.wav", 0.25 * np.sin(np.arange(3200)), 16000)
    return {}


def one_less(root: Path) -> dict:
    (root / "valid" / "valid1.wav").unlink()
    return {}


def renamed(root: Path) -> dict:
    (root / "test" / "test0.wav").rename(root / "test" / "test9.wav")
    return {}


def filtered(root: Path) -> dict:
    return {"ending": "0"}


@pytest.mark.parametrize("change", [louder, one_less, renamed, filtered])
def test_the_hash_of_the_data_knows_sound_names_and_choice(root, change):
    before = prepared(root).data_hash()
    assert prepared(root, **change(root)).data_hash() != before


def test_the_hash_of_the_data_knows_labels(root, monkeypatch):
    before = prepared(root).data_hash()
    plain = Folder.sources

    def relabelled(data, split):
        return [dataclasses.replace(source, labels={"number": 1.0}) for source in plain(data, split)]

    monkeypatch.setattr(Folder, "sources", relabelled)
    assert prepared(root).data_hash() != before
