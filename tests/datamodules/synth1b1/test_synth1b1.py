"""Prepared or rendered on the fly, the data set serves the same sounds, with their parameters."""

import pickle

import pytest
import torch
from torch.utils.data import DataLoader

from datamodules import Synth1B1
from datamodules.clip_dataset import collate
from datamodules.source import Heard
from datamodules.synth1b1.notes import CleanNote
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=32000, hop=160)


def small(root, **options) -> Synth1B1:
    return Synth1B1(CLIP, str(root), **{"n_train": 6, "n_valid": 3, "n_test": 3, "batch_size": 3, **options})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    data = small(tmp_path_factory.mktemp("synth1b1"))
    data.prepare_data()
    data.setup()
    return data


def test_every_sound_has_the_pitch_its_parameters_say(prepared):
    batch = next(iter(prepared.train_dataloader()))
    assert len(batch.labels) == 78 and "vco_2.shape" in batch.labels
    assert all(0 <= values.min() and values.max() <= 1 for values in batch.labels.values())
    midi = 127 * batch.labels["keyboard.midi_f0"]
    assert 36 <= midi.min() and midi.max() <= 96
    assert torch.allclose(69 + 12 * (batch.f0_hz / 440).log2(), midi[:, None].expand_as(batch.f0_hz), atol=1e-3)


def test_splits_have_different_sounds_and_as_many_as_asked_for(prepared):
    names = {split: [source.name for source in prepared.sources(split)] for split in ("train", "valid", "test")}
    assert [len(each) for each in names.values()] == [6, 3, 3]
    assert len({name for each in names.values() for name in each}) == 12
    assert {split: len(prepared.datasets[split]) for split in names} == {"train": 6, "valid": 3, "test": 3}


def test_what_is_rendered_is_not_rendered_or_listed_again(prepared, monkeypatch):
    monkeypatch.setattr("datamodules.synth1b1.sound.voice_of_process", None)
    monkeypatch.setattr("datamodules.synth1b1.synth1b1.voice_of_process", None)
    again = small(prepared.root)
    again.prepare_data()
    again.setup()
    assert again.datasets["test"][0].name == prepared.datasets["test"][0].name


def test_more_sounds_begin_with_the_same(prepared, tmp_path):
    more = small(tmp_path, n_train=70).sources("train")
    assert len(more) == 70
    assert [source.name for source in more[:6]] == [source.name for source in prepared.sources("train")]


def test_the_listing_stamp_tells_choices_apart(tmp_path):
    choices = (
        {},
        {"n_train": 7},
        {"first_id": 5},
        {"mode": "full"},
        {"mode": "filtered"},
        {"mode": "filtered", "notes": CleanNote(dominance_db=15)},
    )
    stamps = [small(tmp_path, **choice).listing_stamp("train") for choice in choices]
    assert len(set(stamps)) == len(choices) and "torchsynth" in stamps[0]
    assert small(tmp_path, batch_size=9).listing_stamp("train") == stamps[0]


def test_on_the_fly_serves_what_shards_hold(prepared):
    data = small(prepared.root, render="on_the_fly")
    data.prepare_data()
    data.setup()
    assert not data.in_shards("train") and data.in_shards("valid")
    kept, live = (each.datasets["train"].__getitems__([4, 0, 5]) for each in (prepared, data))
    assert kept.name == live.name and list(kept.labels) == list(live.labels)
    assert (kept.audio - live.audio).abs().max() < 1 / 32768
    assert torch.equal(kept.f0_hz, live.f0_hz) and torch.equal(kept.confidence, live.confidence)
    assert all(torch.equal(kept.labels[name], live.labels[name]) for name in kept.labels)
    single = data.datasets["train"][4]
    assert single.name == live.name[0] and torch.equal(single.audio, live.audio[0])
    assert next(iter(data.train_dataloader())).audio.shape == (3, 32000)


def test_workers_render_the_same(prepared):
    data = small(prepared.root, render="on_the_fly")
    data.setup("fit")
    dataset = pickle.loads(pickle.dumps(data.datasets["train"]))
    here = dataset.__getitems__([0, 1])
    there = next(iter(DataLoader(dataset, batch_size=2, num_workers=1, collate_fn=collate)))
    assert here.name == there.name and torch.equal(here.audio, there.audio)


def test_nothing_is_kept_of_what_is_rendered_on_the_fly(tmp_path):
    data = small(tmp_path / "new", n_valid=0, n_test=0, render="on_the_fly")
    data.needed_splits = lambda: ("train",)
    data.prepare_data()
    assert [path.name.split("-")[0] for path in (tmp_path / "new" / ".timbre").iterdir()] == ["scan"]


def test_the_full_corpus_is_every_sound(tmp_path):
    data = small(tmp_path, mode="full", n_train=5, n_valid=0, n_test=0)
    data.prepare_data()
    clips = data.dataset("train")
    assert [clip.name for clip in (clips[row] for row in range(5))] == [f"synth1B1-0-{place}" for place in range(5)]


def test_filtered_sounds_of_the_corpus_keep_their_pitch(tmp_path):
    data = small(tmp_path, mode="filtered", n_train=5, n_valid=0, n_test=0)
    data.prepare_data()
    clips = data.dataset("train")
    for clip in (clips[row] for row in range(5)):
        octaves = torch.log2(clip.f0_hz[clip.confidence > 0.9])
        assert clip.name.count("-") == 2 and len(octaves) > 50
        assert 12 * (octaves.max() - octaves.min()) < 0.5


def test_sounds_without_pitch_are_counted(tmp_path):
    data = small(tmp_path, mode="full")
    assert data.remark("", {}, Heard(0.0, 0.0, 1.0)) == "sounds without a clear pitch"
    assert data.remark("", {}, Heard(100.0, 0.5, 1.0)) == ""


def test_a_first_id_beyond_the_corpus_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"data\.first_id is 1000000000"):
        small(tmp_path, first_id=10**9)
