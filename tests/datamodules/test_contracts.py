"""What every exported data set promises, tried on a tiny release: a new one is picked up by its export alone."""

import inspect
import pickle
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import datamodules
from datamodules import ClipDataModule
from datamodules.clip_dataset import collate
from datamodules.splits import SPLITS
from synths.clip import Clip, ClipFormat
from tests.datamodules.releases import RELEASES, Release, release_of

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)
CLASSES = [value for name in datamodules.__all__ if inspect.isclass(value := getattr(datamodules, name))]
DATA_SETS = [cls for cls in CLASSES if issubclass(cls, ClipDataModule) and not inspect.isabstract(cls)]
every_split = pytest.mark.parametrize("split", SPLITS)


class Prepared(NamedTuple):
    """A data set, its tiny release and where that is, prepared once."""

    data_set: type[ClipDataModule]
    release: Release
    root: Path

    def fresh(self, **options) -> ClipDataModule:
        """As another process would make it."""
        return self.data_set(CLIP, str(self.root), **{**self.release.options, **options})

    def opened(self, **options) -> ClipDataModule:
        """As another process would open it."""
        data = self.fresh(**options)
        data.setup()
        return data


@pytest.fixture(scope="module", params=DATA_SETS, ids=lambda cls: cls.__name__)
def prepared(request, tmp_path_factory):
    """Every data set, prepared."""
    release, root = release_of(request.param), tmp_path_factory.mktemp(request.param.__name__) / "release"
    root.mkdir()
    release.write(root)
    found = Prepared(request.param, release, root)
    found.fresh().prepare_data()
    return found


def files_of(folder):
    """Path -> content and time of the last change, of every file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def every_clip(dataset):
    """All of a split as one batch."""
    return collate(dataset.__getitems__(list(range(len(dataset)))))


def sounds_of(clip):
    """What can be heard of it: one sound, or a pair."""
    return [clip.audio] if clip.untouched is None else [clip.audio, clip.untouched]


def same(one, other):
    """Whether two clips or batches are equal to the bit; labels that are missing are alike."""
    assert one.name == other.name and list(one.labels) == list(other.labels)
    tensors = [[*sounds_of(clip), *clip[1:3], *clip.labels.values()] for clip in (one, other)]
    return all(a.dtype == b.dtype and torch.allclose(a, b, 0, 0, equal_nan=True) for a, b in zip(*tensors, strict=True))


def test_found():
    """The tests below are not void."""
    assert {"AmpSpace", "NSynth", "Recordings", "Synth1B1"} <= {cls.__name__ for cls in DATA_SETS}
    assert ClipDataModule not in DATA_SETS and RELEASES.keys() == {cls.__name__ for cls in DATA_SETS}


def test_a_data_set_without_a_release_is_told_where_to_add_one():
    class Mine(ClipDataModule):
        """One's own."""

    with pytest.raises(pytest.fail.Exception, match=r"Mine has no tiny release.*RELEASES in releases\.py \(tests/data"):
        release_of(Mine)


@every_split
def test_sources_are_in_order_and_their_names_are_unique(prepared, split):
    """Whoever lists them, and however often; names are words, without an end of a line; they travel to workers."""
    data = prepared.fresh()
    sources = data.sources(split)
    names = [source.name for source in sources]
    assert len(set(names)) == len(names) > 0 and all(name.strip() and name.isprintable() for name in names)
    for again in (data.sources(split), prepared.fresh().sources(split), pickle.loads(pickle.dumps(sources))):
        assert [source.name for source in again] == names
        assert [source.stamp() for source in again] == [source.stamp() for source in sources]
        labels = [list(source.labels.items()) for source in again]
        assert repr(labels) == repr([list(source.labels.items()) for source in sources]), (
            "NaN, where a label is missing"
        )


def test_splits_share_no_sound(prepared):
    """There are three, and each has clips."""
    data = prepared.opened()
    assert list(data.datasets) == list(SPLITS) and all(len(dataset) for dataset in data.datasets.values())
    places = [{source.sound.place for source in data.sources(split) if not source.problem} for split in SPLITS]
    assert sum(map(len, places)) == len(set.union(*places))


@every_split
def test_every_field_of_a_clip_is_filled(prepared, split):
    """Shapes, types and ranges, of one clip and of a batch."""
    dataset = prepared.opened().datasets[split]
    for clip, shape in ((dataset[0], ()), (every_clip(dataset), (len(dataset),))):
        sounds = sounds_of(clip)
        assert isinstance(clip, Clip) and {sound.shape for sound in sounds} == {(*shape, CLIP.n_samples)}
        assert clip.f0_hz.shape == clip.confidence.shape == (*shape, CLIP.n_frames)
        assert all(label.shape == shape for label in clip.labels.values())
        tensors = [*sounds, clip.f0_hz, clip.confidence, *clip.labels.values()]
        assert {tensor.dtype for tensor in tensors} == {torch.float32}
        assert all(sound.isfinite().all() and 0 < sound.abs().max() < 2 for sound in sounds), "full scale is 1"
        assert (clip.f0_hz > 0).all() and clip.f0_hz.isfinite().all()
        assert ((clip.confidence >= 0) & (clip.confidence <= 1)).all()
    assert isinstance(dataset[0].name, str) and every_clip(dataset).name == [one.name for one in dataset]


@every_split
def test_labels_are_the_promised_ones(prepared, split):
    """The same in every split; those that are numbers of a list have a word for each clip."""
    data = prepared.opened()
    labels = every_clip(data.datasets[split]).labels
    assert sorted(labels) == sorted(prepared.release.labels())
    assert data.label_names.keys() <= labels.keys()
    for label, words in data.label_names.items():
        assert all(number in range(len(words)) for number in labels[label].tolist()), label


@every_split
def test_a_clip_is_the_same_every_time(prepared, split):
    """To the bit: asked for again, in company, by another process, and through a pickle, as workers get it."""
    dataset = prepared.opened().datasets[split]
    last = len(dataset) - 1
    clip = dataset[last]
    assert same(dataset[last], clip) and same(prepared.opened().datasets[split][last], clip)
    assert same(pickle.loads(pickle.dumps(dataset))[last], clip)
    batch = every_clip(dataset)
    labels = {name: values[last] for name, values in batch.labels.items()}
    untouched = None if batch.untouched is None else batch.untouched[last]
    assert same(Clip(*(field[last] for field in batch[:4]), labels, untouched), clip)


def test_nothing_is_prepared_twice(prepared, monkeypatch):
    """No clip is read again and no file is written; clips are not even listed again where the listing has a stamp."""
    before = files_of(prepared.root)
    monkeypatch.setattr("datamodules.preparation.preparation.examine", lambda *_: pytest.fail("examined again"))
    data = prepared.fresh()
    if all(map(data.listing_stamp, SPLITS)):
        monkeypatch.setattr(prepared.data_set, "sources", lambda *_: pytest.fail("listed again"))
    data.prepare_data()
    assert files_of(prepared.root) == before


def test_a_missing_root_is_one_sentence(prepared, tmp_path):
    """It names the folder and the key; a data set that is computed needs none."""
    data = prepared.data_set(CLIP, str(tmp_path / "nowhere"), **prepared.release.options)
    if prepared.data_set.check_root is not ClipDataModule.check_root:
        assert data.sources("train")
        return
    with pytest.raises(FileNotFoundError, match=r"nowhere.*data\.root") as error:
        data.prepare_data()
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert not (tmp_path / "nowhere").exists()


def test_shards_alone_suffice(prepared, tmp_path):
    """Copied to a machine that has no root, they hold the same clips, words included."""
    shutil.copytree(prepared.root / ".timbre", tmp_path / "cache")
    there = prepared.data_set(
        CLIP, str(tmp_path / "nowhere"), cache=str(tmp_path / "cache"), **prepared.release.options
    )
    there.prepare_data()
    there.setup()
    here = prepared.opened()
    assert there.data_hash() == here.data_hash() and there.label_names == here.label_names
    assert all(same(there.datasets[split][0], here.datasets[split][0]) for split in SPLITS)


def test_the_hash_is_the_same_wherever_it_is_prepared(prepared, tmp_path):
    """What a run's manifest says of its data does not depend on the folder, nor on what chooses no clips."""
    shutil.copytree(prepared.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".timbre"))
    elsewhere = prepared.data_set(CLIP, str(tmp_path / "copy"), batch_size=3, seed=7, **prepared.release.options)
    elsewhere.prepare_data()
    known = prepared.fresh().data_hash()
    assert elsewhere.data_hash() == known and len(known) == 12 and int(known, 16) >= 0


def test_shared_options_are_handed_on_and_the_others_choose_clips(prepared):
    """Every option of its own tells selections and hashes apart: whatever changes it, prepared clips stay true."""
    data = prepared.fresh(batch_size=3, seed=7, num_workers=1, cache="elsewhere", copy_to="here")
    assert (data.batch_size, data.seed, data.num_workers, data.cache, data.copy_to) == (3, 7, 1, "elsewhere", "here")
    own = [
        option for option in inspect.signature(prepared.data_set).parameters if option not in ("clip", "root", "shared")
    ]
    assert set(own) <= set(data.hparams)
