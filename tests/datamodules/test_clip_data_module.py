"""Clips are tracked once, kept while nothing changed, and come out as batches."""

import numpy as np
import pytest
import soundfile
import torch

from datamodules import ClipDataModule, FileSound, Pitch, PitchTracker, Source, Yin
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
    """Every WAV file of the root/<split> folders."""

    def sources(self, split: str) -> list[Source]:
        from pathlib import Path

        paths = sorted((Path(self.root) / split).glob("*.wav"))
        return [Source(path.stem, FileSound(str(path)), {"number": float(row)}) for row, path in enumerate(paths)]


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
    soundfile.write(root / "train" / "train3.wav", 0.1 * np.ones(1600), 16000)
    write_tone(root / "train" / "train9.wav")
    assert n_tracked(root) == 2


def test_an_interrupted_prepare_goes_on_where_it_was(root):
    with pytest.raises(KeyboardInterrupt):
        Folder(CLIP, str(root), tracker=CountingTracker(patience=5)).prepare_data()
    assert n_tracked(root) == 12 - 5


def test_a_damaged_index_is_made_anew(root):
    n_tracked(root)
    for path in (root / ".timbre").iterdir():
        path.write_bytes(b"torn")
    assert n_tracked(root) == 12


def test_the_cache_goes_where_it_is_told(root, tmp_path_factory):
    cache = tmp_path_factory.mktemp("elsewhere") / "cache"
    n_tracked(root, cache=str(cache))
    assert len(list(cache.glob("*.npz"))) == 3 and not (root / ".timbre").exists()
    (cache / "file").write_text("")
    with pytest.raises(OSError, match=r"--data\.cache"):
        n_tracked(root, cache=str(cache / "file" / "below"))


def test_unusable_clips_are_skipped_and_named(root):
    (root / "train" / "words.wav").write_text("no sound")
    soundfile.write(root / "train" / "silent.wav", np.zeros(3200), 16000)
    soundfile.write(root / "train" / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(3200), 16000)
    data = Folder(CLIP, str(root))
    data.prepare_data()
    data.setup("fit")
    assert len(data.datasets["train"]) == 7
    n_usable, skipped = data.summary()["train"]
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

    def names(seed: int) -> list[str]:
        data = Folder(CLIP, str(root), batch_size=3, tracker=CountingTracker(), seed=seed)
        data.setup("fit")
        return [name for batch in data.train_dataloader() for name in batch.name]

    assert names(0) == names(0) != names(1)
    assert len(names(0)) == 6  # the last, incomplete batch is left out


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
