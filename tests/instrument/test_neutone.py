"""A file for Neutone FX: four knobs that are the host's; with the package, what the host does with it."""

import math

import pytest
import torch

from instrument.hosted_voice import HostedVoice
from instrument.neutone import FollowingVoice, NeutoneCard, chosen_knobs, write_neutone
from instrument.nn_tilde import median_hop_s

CARD = NeutoneCard("a name of more than thirty letters", "plays", "learnt", "0.2.0", ["flute"])


@pytest.fixture(scope="module")
def instrument(small_instrument):
    return small_instrument()


def test_knobs_are_chosen_by_name(instrument):
    """The first four but the level; by name in that order; every wrong wish in one sentence."""
    names = [knob.name for knob in instrument.knobs]
    assert chosen_knobs(instrument.knobs, 0) == [1, 2, 3, 4]
    assert chosen_knobs(instrument.knobs, 0, [names[3], names[1]]) == [3, 1]
    with pytest.raises(ValueError, match=r"--knobs level: level follows the input: choose of sharpness"):
        chosen_knobs(instrument.knobs, 0, ["level"])
    with pytest.raises(ValueError, match=r"--knobs warmth: warmth is no knob of this model: choose of sharpness"):
        chosen_knobs(instrument.knobs, 0, ["warmth"])
    for wrong in (["sharpness", "sharpness"], names):
        with pytest.raises(ValueError, match="name up to 4 different knobs"):
            chosen_knobs(instrument.knobs, -1, wrong)


def test_the_knobs_of_the_host_are_those_of_the_voice(instrument):
    """Without the package: sound in, sound out, the chosen shares set within 0..1; it can be timed."""
    following = torch.jit.script(FollowingVoice(HostedVoice(instrument, 0), [3, 1]).eval())
    tone = 0.3 * torch.sin(2.0 * math.pi * 220.0 * torch.arange(8000) / 16000)[None]
    sound = torch.cat([following(part, [0.25, 2.0]) for part in tone.split(171, dim=1)], dim=1)
    assert sound.shape == (1, 8000) and sound.isfinite().all() and sound[:, 4000:].abs().max() > 0.01
    assert following.voice.shares == [0.5, 1.0, 0.5, 0.25, 0.5]
    assert 0.0 < median_hop_s(following.voice, "follow", 5) < 1.0


def test_the_package_is_named_where_it_is_missing(instrument, tmp_path, monkeypatch):
    monkeypatch.setattr("output.extras.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"neutone_sdk is not installed: pip install --no-deps neutone_sdk==1\.5\.2"):
        write_neutone(HostedVoice(instrument, 0), instrument.knobs, [1], tmp_path / "a.nm", CARD, 16000)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def loaded(instrument, tmp_path_factory):
    """The file as the host has it, and what it says of itself."""
    pytest.importorskip("neutone_sdk")
    from neutone_sdk.utils import load_neutone_model

    path = tmp_path_factory.mktemp("nm") / "a.nm"
    write_neutone(HostedVoice(instrument, 0), instrument.knobs, [1, 2], path, CARD, 16000)
    assert [each.name for each in path.parent.iterdir()] == ["a.nm"]
    return load_neutone_model(str(path))


@pytest.mark.parametrize("n_channels", [1, 2])
def test_plays_at_the_rate_of_the_host(loaded, n_channels):
    """48 kHz in buffers of 512, mono and stereo: the tone's pitch, and the delay that is told."""
    module, _ = loaded
    module.set_daw_sample_rate_and_buffer_size(48000, 512)
    module.reset()
    tone = 0.3 * torch.sin(2.0 * math.pi * 440.0 * torch.arange(60 * 512) / 48000).expand(n_channels, -1).contiguous()
    with torch.inference_mode():
        sound = torch.cat([module.forward(part, torch.full((4, 512), 0.5)).clone() for part in tone.split(512, 1)], 1)
    assert sound.shape == tone.shape and sound.isfinite().all() and sound[:, 15000:].abs().max() > 0.01
    assert (module.calc_buffering_delay_samples(), module.calc_model_delay_samples()) == (0, 958)
    spectrum = torch.fft.rfft(sound[0, -14400:] * torch.hann_window(14400), 48000).abs()
    partials = spectrum[440:4000:440].sum(), spectrum[440 + 220 : 4000 : 440].sum()
    assert partials[0] > 3.0 * partials[1]
    assert [round(share, 3) for share in module.w2w_base.model.voice.shares[1:3]] == [0.5, 0.5]


def test_says_what_it_is(loaded):
    """Knobs by name, texts cut to what the host takes."""
    _, said = loaded
    assert said["model_name"] == "a name of more than thirty let" and said["native_sample_rates"] == [16000]
    assert [knob["name"] for knob in said["neutone_parameters"].values()] == ["sharpness", "fundamental_share"]
    assert said["model_short_description"] == "plays" and said["tags"] == ["timbre knobs", "flute"]
