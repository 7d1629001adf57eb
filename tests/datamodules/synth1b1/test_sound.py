"""A sound is the same in any company, has the pitch it says, and is named when it is silent."""

import pickle

import numpy as np
import pytest

from datamodules import UnusableAudio, Yin
from datamodules.synth1b1.sound import LabelRow, Synth1B1Sound, sounds_by_id
from datamodules.synth1b1.voice import voice_of_process
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=32000, hop=160)
PITCHED = (0, 1, 2, 5, 6, 7)
"""The first that the pitched mode chooses."""


def test_company_does_not_change_a_sound():
    alone, among = Synth1B1Sound(5, (5,), True), Synth1B1Sound(5, PITCHED, True)
    assert np.array_equal(alone.read(CLIP), among.read(CLIP))
    assert all(np.array_equal(one, other) for one, other in zip(alone.pitch(CLIP), among.pitch(CLIP), strict=True))
    assert alone.stamp() == among.stamp() and alone.place == among.place


def test_a_packet_is_rendered_once(monkeypatch):
    rendered = []
    voice = voice_of_process(True)
    render = voice.render
    monkeypatch.setattr(voice, "render", lambda ids: rendered.append(ids) or render(ids))
    for sound in sounds_by_id([*range(100, 164)], True):
        sound.render(CLIP)
    assert rendered == [tuple(range(100, 132)), tuple(range(132, 164))]


def test_it_sounds_as_high_as_it_says():
    for sound in sounds_by_id(PITCHED, True):
        told, heard = sound.pitch(CLIP), Yin().track(sound.read(CLIP), CLIP)
        sure = (told.confidence > 0.95) & (heard.confidence > 0.95)
        assert sure.sum() > 20
        assert abs(np.median(1200 * np.log2(heard.f0_hz[sure] / told.f0_hz[sure]))) < 3


def test_another_rate_is_another_rendering_of_the_same_sound():
    sound = Synth1B1Sound(5, PITCHED, True)
    high, low = sound.read(ClipFormat(44100, 220500, 441)), sound.read(CLIP)
    assert high.shape == (220500,) and not high[176400:].any() and low.shape == (32000,)
    assert np.sqrt((low**2).mean()) == pytest.approx(np.sqrt((high[:88200] ** 2).mean()), rel=0.05)


def test_a_silent_sound_is_named():
    instant = ClipFormat(16000, 160, 160)
    late = [sound for sound in sounds_by_id(range(32), False) if np.abs(sound.render(instant)).max() < 1e-4]
    assert late
    with pytest.raises(UnusableAudio, match=rf"{late[0].name} is silent .* 0\.01 s"):
        late[0].read(instant)


def test_names_and_stamps_are_those_of_the_corpus():
    sound = Synth1B1Sound(312 * 128 + 6, (312 * 128 + 6,), False)
    assert sound.name == "synth1B1-312-6" and sound.place == ("synth1B1", 39942.0)
    variant = Synth1B1Sound(312 * 128 + 6, (312 * 128 + 6,), True)
    assert variant.name == "synth1B1-pitched-312-6" and variant.stamp() != sound.stamp()


def test_labels_read_like_a_dict_and_travel():
    row = LabelRow({"a": 0, "b": 1}, np.array([0.25, 0.5], np.float32))
    assert dict(row) == {"a": 0.25, "b": 0.5} and row == {"a": 0.25, "b": 0.5} and row.get("c") is None
    assert pickle.loads(pickle.dumps(row)) == row
    sound = Synth1B1Sound(5, PITCHED, True)
    assert pickle.loads(pickle.dumps(sound)) == sound
