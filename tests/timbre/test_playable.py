"""What a page gets of a run's training notes."""

import json
from functools import partial
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
import torch

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import DescriptorEncoder
from studies.voices import HEAD, card_of, voice_file
from synths import Clip, Level, Sharpness
from timbre import playable


@pytest.fixture
def model(second):
    encoder = partial(DescriptorEncoder, descriptors=[Level, Sharpness])
    return TimbreAutoencoder(second, encoder, decoder=partial(GruDecoder, width=16)).eval()


def data_named(second, harmonic_tone, names):
    """A data module of tones of those names, at 440 Hz."""
    audio = 0.2 * harmonic_tone(second, 440.0).expand(len(names), -1)
    f0_hz = torch.full((len(names), second.n_frames), 440.0)
    clips = Clip(audio, f0_hz, torch.ones_like(f0_hz), names, {}, None)
    return SimpleNamespace(batch_size=len(names), clips_for_ranges=lambda n_batches: [clips])


def test_the_instruments_with_most_notes_go_onto_the_page(model, second, harmonic_tone, monkeypatch):
    monkeypatch.setattr(playable, "MOST_INSTRUMENTS", 1)
    names = [f"flute-069-{velocity:03}" for velocity in (20, 60, 90, 120, 127)]
    names += [f"tuba-069-{velocity:03}" for velocity in (20, 60, 90, 120)]
    learnt = playable._learnt(model, data_named(second, harmonic_tone, names))
    assert [preset["name"] for preset in learnt["presets"]] == ["flute"]
    assert [bank["name"] for bank in learnt["envelopes"]] == ["flute"]
    assert learnt["pitches"] == [69, 69] and learnt["level_fit"] is None


def test_names_that_tell_no_instrument_give_nothing(model, second, harmonic_tone):
    assert playable._learnt(model, data_named(second, harmonic_tone, ["alone"])) == {}


def test_a_voice_brings_its_presets_and_whose_sounds_it_knows():
    """Each preset's knobs stand where one of its pitches has them, and nothing has to be at hand but the voice."""
    path = voice_file("orchestra")
    told = playable._of_voice(load_model(path), path)
    assert [preset["name"] for preset in told["presets"]] == card_of(path).presets
    assert all(len(preset["shares"]) == 5 for preset in told["presets"])
    assert len({tuple(preset["shares"]) for preset in told["presets"]}) == len(told["presets"])
    assert card_of(path).licence in told["notice"] and told["pitches"][0] < 48 < 72 < told["pitches"][1]


@pytest.mark.parametrize("played", [{"envelopes": [{"name": "x"}]}, {"level_fit": [1.0]}, {"level_fit": "abcd"}, 3])
def test_a_voice_whose_playing_is_damaged_is_told(model, tmp_path, played):
    """A page would else play what is no number."""
    path = tmp_path / "x.timbre"
    card = {"what": "x", "data": "y", "licence": "MIT"}
    head = {"card": card, "presets": {}, "hyper_parameters": {"clip": {"sample_rate": 16000}}, "global_step": 1}
    with ZipFile(path, "w") as archive:
        archive.writestr(HEAD, json.dumps(head | {"played": played}))
    with pytest.raises(ValueError, match=r"x\.timbre is not a voice that can be read"):
        playable._of_voice(model, path)
