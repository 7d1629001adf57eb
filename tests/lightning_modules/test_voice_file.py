"""A voice's file: what comes back, how small it is, and that nothing in it is run."""

import io
import json
import pickle
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import torch

from lightning_modules.checkpoint import load_model
from lightning_modules.encoders.preset import Preset
from lightning_modules.voice_file import read_voice, write_voice
from tests.lightning_modules.crafted import called, healthy

CARD = {"what": "a flute", "data": "ten notes", "licence": "MIT"}
PRESETS = {"flute": Preset(60, torch.tensor([[0.25, -0.5], [0.5, 1.0]]), torch.tensor([[0.5], [0.75]]))}


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    """A voice and the model that it was written from."""
    folder = tmp_path_factory.mktemp("voice")
    checkpoint = healthy()
    torch.save(checkpoint, folder / "x.ckpt")
    model = load_model(folder / "x.ckpt")
    write_voice(folder / "x.timbre", checkpoint, model, PRESETS, CARD)
    return folder / "x.timbre", model


def changed(source, target, **entries):
    """A copy of a voice with some entries replaced."""
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, entries.pop(name, None) or old.read(name))
        for name, content in entries.items():
            new.writestr(name, content)
    return target


def test_weights_come_back_with_eleven_bits_and_all_else_to_the_bit(voice):
    path, model = voice
    back, learnt = load_model(path).state_dict(), dict(model.named_parameters())
    for name, value in model.state_dict().items():
        assert back[name].dtype == value.dtype and back[name].shape == value.shape
        if name in learnt:
            assert back[name].equal(value.half().float())
            assert (back[name] - value).abs().max() <= 2**-11 * value.abs().max()
        else:
            assert back[name].equal(value), name


def test_it_takes_two_bytes_a_weight(voice):
    path, model = voice
    n_weights = sum(value.numel() for value in model.parameters())
    assert path.stat().st_size < 2.1 * n_weights + 30000


def test_a_weight_too_large_for_half_is_kept_whole(voice, tmp_path):
    _, model = voice
    state = model.state_dict()
    before = state["decoder.heads.bias"].clone()
    state["decoder.heads.bias"].fill_(70000.25)
    try:
        write_voice(tmp_path / "y.timbre", healthy(), model, {}, CARD)
    finally:
        state["decoder.heads.bias"].copy_(before)
    assert float(read_voice(tmp_path / "y.timbre")["state_dict"]["decoder.heads.bias"][0]) == 70000.25


def test_presets_and_the_origin_come_back(voice):
    path, model = voice
    back = load_model(path)
    assert list(back.presets) == ["flute"] and back.presets["flute"].lowest_midi == 60
    assert back.presets["flute"].residual.equal(PRESETS["flute"].residual)
    assert back.presets["flute"].knobs.equal(PRESETS["flute"].knobs)
    assert back.trained_steps == model.trained_steps and back.f0_tracker == model.f0_tracker


def test_settings_that_are_no_plain_words_are_refused(voice, tmp_path):
    checkpoint = healthy()
    checkpoint["hyper_parameters"]["clip"] = load_model(voice[0]).clip
    with pytest.raises(ValueError, match="only what `timbre fit` has trained becomes a voice"):
        write_voice(tmp_path / "y.timbre", checkpoint, voice[1], {}, CARD)
    assert not (tmp_path / "y.timbre").exists()


class Evil:
    def __init__(self, ran):
        self.ran = ran

    def __reduce__(self):
        return open, (str(self.ran), "w")


@pytest.mark.parametrize("as_object", [False, True])
def test_a_pickle_in_it_is_not_run(voice, tmp_path, as_object):
    ran, buffer = tmp_path / "ran", io.BytesIO()
    if as_object:
        np.save(buffer, np.array([Evil(ran)], dtype=object), allow_pickle=True)
    else:
        buffer.write(pickle.dumps(Evil(ran)))
    path = changed(voice[0], tmp_path / "y.timbre", **{"state/decoder.heads.bias.npy": buffer.getvalue()})
    with pytest.raises(ValueError, match=r"y\.timbre is not a voice that can be read"):
        load_model(path)
    assert not ran.exists()


def test_a_class_that_it_names_is_not_made(voice, tmp_path):
    ran = tmp_path / "ran"
    with ZipFile(voice[0]) as archive:
        head = json.loads(archive.read("voice.json"))
    for spec in called(ran).values():
        head["hyper_parameters"]["reconstruction"] = spec
        path = changed(voice[0], tmp_path / "y.timbre", **{"voice.json": json.dumps(head).encode()})
        with pytest.raises(ValueError, match="which is not a class of a model"):
            load_model(path)
    assert not ran.exists()


def test_numbers_without_end_are_refused_unread(voice, tmp_path):
    many = io.BytesIO()
    np.save(many, np.zeros(1 << 26, np.float64))  # 512 MB that pack into half of one
    path = changed(voice[0], tmp_path / "y.timbre", **{"state/more.npy": many.getvalue()})
    assert path.stat().st_size < 3e6
    with pytest.raises(ValueError, match=r"y\.timbre is not a voice that can be read"):
        load_model(path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_one_that_is_cut_off_is_refused(voice, tmp_path, share):
    whole = voice[0].read_bytes()
    (tmp_path / "y.timbre").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"y\.timbre is not a checkpoint"):
        load_model(tmp_path / "y.timbre")


def test_one_whose_numbers_are_damaged_is_refused(voice, tmp_path):
    whole = bytearray(voice[0].read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "y.timbre").write_bytes(whole)
    with pytest.raises(ValueError, match=r"y\.timbre is not a voice that can be read"):
        load_model(tmp_path / "y.timbre")


def test_weights_of_another_shape_are_refused(voice, tmp_path):
    odd = io.BytesIO()
    np.save(odd, np.zeros(3, np.float16))
    path = changed(voice[0], tmp_path / "y.timbre", **{"state/decoder.heads.bias.npy": odd.getvalue()})
    with pytest.raises(ValueError, match="does not fit this version of the model"):
        load_model(path)
