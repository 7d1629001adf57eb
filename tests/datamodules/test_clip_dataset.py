"""Clips come out of shards as they went in, singly, in batches and in other processes."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from datamodules.clip_dataset import ClipDataset, collate
from datamodules.preparation.selection import Selection
from synths.clip import Clip

SCALES = np.array([1 / 32768, 1 / 4096, 1 / 32768, 1 / 32768, 0.25], np.float32)


@dataclass
class Written:
    """Five clips in two shards: what was written, and the dataset that reads four of them, in an order of its own."""

    audio: np.ndarray
    pitch: np.ndarray
    dataset: ClipDataset
    chosen: tuple[int, ...] = (4, 0, 2, 1)


def write(folder, with_pairs: bool) -> Written:
    rng = np.random.default_rng(0)
    audio = rng.integers(-32768, 32768, (2, 5, 320), np.int16)
    pitch = rng.uniform(50, 500, (5, 2, 2)).astype(np.float32)
    for shard, clips in enumerate((slice(0, 3), slice(3, 5))):
        np.save(folder / f"{shard:05d}.audio.npy", audio[0, clips])
        np.save(folder / f"{shard:05d}.pitch.npy", pitch[clips])
        if with_pairs:
            np.save(folder / f"{shard:05d}.untouched.npy", audio[1, clips])
    selection = Selection(
        names=["four", "zero", "two", "one"],
        rows=np.array([(1, 1), (0, 0), (0, 2), (0, 1)], np.int32),
        scales=np.stack([SCALES, SCALES[::-1] * with_pairs], axis=1)[[4, 0, 2, 1]],
        labels=np.array([[4, np.nan], [0, 1], [2, 1], [np.nan, 0]], np.float32),
        label_names=["number", "is_even"],
        skipped={},
        remarks={},
        listing="",
    )
    return Written(audio, pitch, ClipDataset(folder, selection))


@pytest.fixture(params=[False, True], ids=["single", "pairs"])
def written(tmp_path, request) -> Written:
    return write(tmp_path, request.param)


def assert_same(one: Clip, other: Clip) -> None:
    assert one.name == other.name and list(one.labels) == list(other.labels)
    assert (one.untouched is None) == (other.untouched is None)
    for field in ("audio", "f0_hz", "confidence", "untouched"):
        if getattr(one, field) is not None:
            assert torch.equal(getattr(one, field), getattr(other, field)), field
    for name in one.labels:
        assert torch.equal(one.labels[name].nan_to_num(-1), other.labels[name].nan_to_num(-1)), name


def test_every_field_of_a_clip_is_what_was_written(written):
    names = [written.dataset[index].name for index in range(4)]
    assert len(written.dataset) == 4 and names == ["four", "zero", "two", "one"]
    for index, row in enumerate(written.chosen):
        clip = written.dataset[index]
        assert clip.audio.dtype == clip.f0_hz.dtype == torch.float32
        assert np.array_equal(clip.audio.numpy(), written.audio[0, row] * SCALES[row])
        assert np.array_equal(torch.stack([clip.f0_hz, clip.confidence]).numpy(), written.pitch[row])
        if clip.untouched is not None:
            assert np.array_equal(clip.untouched.numpy(), written.audio[1, row] * SCALES[::-1][row])
    assert written.dataset[1].labels == {"number": 0, "is_even": 1}
    assert written.dataset[0].labels["number"] == 4 and written.dataset[0].labels["is_even"].isnan()


def test_pairs_have_the_untouched_sound_and_others_none(tmp_path):
    (tmp_path / "pairs").mkdir()
    assert write(tmp_path / "pairs", True).dataset[0].untouched is not None
    assert write(tmp_path, False).dataset.__getitems__([0, 1]).untouched is None


@pytest.mark.parametrize("indices", [[0], [3, 1], [2, 2, 0], [-1, 0, 1, 2]])
def test_a_batch_is_its_clips_side_by_side(written, indices):
    assert_same(written.dataset.__getitems__(indices), collate([written.dataset[index] for index in indices]))
    batch = written.dataset.__getitems__(indices)
    assert batch.audio.shape == (len(indices), 320) and batch.f0_hz.shape == (len(indices), 2)


def test_an_iteration_ends(written):
    assert [clip.name for clip in written.dataset] == ["four", "zero", "two", "one"]
    assert written.dataset[-1].name == "one"
    for index in (4, -5):
        with pytest.raises(IndexError):
            written.dataset[index]


def test_a_batch_can_be_written_to(written):
    batch = written.dataset.__getitems__([0, 1])
    for tensor in (batch.audio, batch.f0_hz, batch.confidence, *batch.labels.values()):
        tensor.zero_()
    assert written.dataset[0].audio.any() and written.dataset[0].f0_hz.all()


def test_another_process_opens_files_of_its_own(written):
    written.dataset[0]
    content = pickle.dumps(written.dataset)
    assert b"memmap" not in content and len(content) < 5000
    assert_same(pickle.loads(content).__getitems__([0, 1]), written.dataset.__getitems__([0, 1]))


def test_workers_read_the_same(written):
    def batches(n_workers: int) -> list[Clip]:
        return list(DataLoader(written.dataset, 3, num_workers=n_workers, collate_fn=collate))

    assert len(batches(0)) == 2
    for here, there in zip(batches(0), batches(1), strict=True):
        assert_same(here, there)


@pytest.mark.parametrize("kind", ["audio", "pitch", "untouched"])
@pytest.mark.parametrize("harmed", [None, b"", b"torn", lambda content: content[:-1]])
def test_a_damaged_shard_is_named_before_anything_is_read(tmp_path, kind, harmed):
    selection = write(tmp_path, True).dataset.selection
    path = tmp_path / f"00001.{kind}.npy"
    content = path.read_bytes()
    path.unlink()
    if harmed is not None:
        path.write_bytes(harmed(content) if callable(harmed) else harmed)
    with pytest.raises(ValueError, match=rf"00001\.{kind}\.npy is missing or not whole: timbre prepare mends"):
        ClipDataset(tmp_path, selection)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_pitch_that_is_no_number_is_named(written, tmp_path, value):
    path = tmp_path / "00001.pitch.npy"
    pitch = np.load(path)
    pitch[-1, 0, -1] = value
    np.save(path, pitch)
    with pytest.raises(ValueError, match=r"00001\.pitch\.npy holds what is not a number: delete it"):
        for index in range(len(written.dataset)):
            written.dataset[index]


def test_a_shard_of_fewer_rows_than_are_chosen_is_named(tmp_path):
    selection = write(tmp_path, False).dataset.selection
    np.save(tmp_path / "00000.audio.npy", np.zeros((2, 320), np.int16))
    with pytest.raises(ValueError, match=r"00000\.audio\.npy"):
        ClipDataset(tmp_path, selection)


def test_a_shard_of_which_nothing_is_chosen_is_no_matter(tmp_path):
    selection = write(tmp_path, False).dataset.selection
    (tmp_path / "00001.audio.npy").unlink()
    chosen = selection._replace(
        names=selection.names[1:], rows=selection.rows[1:], scales=selection.scales[1:], labels=selection.labels[1:]
    )
    assert [clip.name for clip in ClipDataset(tmp_path, chosen)] == ["zero", "two", "one"]
