"""Rendered sounds are those of the corpus, with their parameters, wherever rendering was interrupted."""

import hashlib
from itertools import islice

import numpy as np
import pytest
import torch

from datamodules import Synth1B1
from datamodules.synth1b1 import split_blocks
from datamodules.torchsynth_voice import Voice
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=32000, hop=160)


def small(root, **options) -> Synth1B1:
    return Synth1B1(CLIP, str(root), **{"n_train": 6, "n_valid": 3, "n_test": 3, **options})


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    data = small(tmp_path_factory.mktemp("synth1b1"))
    data.prepare_data()
    data.setup()
    return data


def test_parameters_and_sound_are_those_of_the_corpus():
    voice = Voice(pitched=False)
    blocks = [voice.render(block) for block in range(4)]
    parameters = np.concatenate([block.parameters for block in blocks])
    digest = hashlib.sha256(np.ascontiguousarray(parameters).tobytes()).hexdigest()
    assert digest.startswith("0535b56438daa6e9") and digest.endswith("d35")
    level = np.sqrt((blocks[0].audio[:4].astype(np.float64) ** 2).mean(axis=1))
    assert level == pytest.approx([0.086083, 0.080068, 0.165596, 0.334165], rel=1e-3)


def test_importing_torchsynth_leaves_no_trace():
    import math
    import sys

    Voice(pitched=True)
    assert torch.pi == math.pi and "pytorch_lightning.core.lightning" not in sys.modules


def test_splits_follow_the_rule_of_the_authors():
    train, valid, test = (list(islice(split_blocks(split, 0), 700)) for split in ("train", "valid", "test"))
    assert not (set(train) & set(valid) or set(train) & set(test) or set(valid) & set(test))
    assert all((32 * block // 1024) % 10 != 9 for block in train)
    assert all((32 * block // 1024) % 10 == 9 for block in valid + test)
    assert next(split_blocks("train", 100)) == 100


def test_every_sound_has_the_pitch_its_parameters_say(rendered):
    batch = next(iter(rendered.train_dataloader()))
    assert len(batch.labels) == 78 and "vco_2.shape" in batch.labels
    assert all(0 <= values.min() and values.max() <= 1 for values in batch.labels.values())
    midi = 127 * batch.labels["keyboard.midi_f0"]
    heard = 69 + 12 * (batch.f0_hz.median(dim=1).values / 440).log2()
    assert 36 <= midi.min() and midi.max() <= 96
    assert (heard - midi).abs().max() < 0.5


def test_what_is_rendered_is_not_rendered_again(rendered, monkeypatch):
    monkeypatch.setattr("datamodules.synth1b1.Voice", None)
    again = small(rendered.root)
    again.prepare_data()
    assert again.sources("train") == rendered.sources("train")
    assert len(small(rendered.root, n_train=2).sources("train")) == 2


def test_an_interrupted_rendering_goes_on_and_ends_the_same(rendered, tmp_path):
    data = small(tmp_path, n_train=2)
    data.prepare_data()
    listing = next(data.folder.glob("train*.jsonl"))
    listing.write_text(listing.read_text() + '{"block": 1, "sou')
    whole = small(tmp_path, n_train=20)
    whole.prepare_data()
    names = [source.name for source in whole.sources("train")]
    assert len(names) == len(set(names)) == 20
    assert names[:6] == [source.name for source in rendered.sources("train")]
    first = rendered.sources("train")[0]
    assert (rendered.folder / f"{first.name}.wav").read_bytes() == (whole.folder / f"{first.name}.wav").read_bytes()


def test_another_rate_is_another_rendering_of_the_same_sounds(rendered, tmp_path):
    data = Synth1B1(ClipFormat(44100, 88200, 441), str(tmp_path), n_train=1, n_valid=1, n_test=1)
    data.prepare_data()
    data.setup("test")
    clip = data.datasets["test"][0]
    assert clip.audio.shape == (88200,)
    assert clip.name == rendered.sources("test")[0].name
    midi = 127 * float(clip.labels["keyboard.midi_f0"])
    assert 69 + 12 * np.log2(float(clip.f0_hz.median()) / 440) == pytest.approx(midi, abs=0.5)
