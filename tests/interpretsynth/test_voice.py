"""its.load: a model's voice answers as `timbre render` does."""

import numpy as np
import pytest
import soundfile
import torch

import interpretsynth as its
from timbre import main

RATE = 16000


@pytest.fixture(scope="module")
def voice(run_folder):
    return its.load(run_folder)


def test_the_same_as_the_command(run_folder, voice, note, tmp_path, capsys):
    """From a file, and from memory; the caller's random numbers go on as they would."""
    soundfile.write(tmp_path / "in.wav", note, RATE, "FLOAT")
    paths = [str(path) for path in (run_folder, tmp_path / "in.wav", tmp_path / "out.wav")]
    options = ["--open", "--set", "sharpness=0.6", "--nudge", "level=-3dB", "--peak", "keep", "--seed", "3"]
    main(["render", *paths, *options])
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    asked = {"sharpness": 0.6, "nudge": {"level": "-3dB"}, "exact": False, "seed": 3}
    played = voice.render(tmp_path / "in.wav", **asked)
    assert torch.random.get_rng_state().equal(before)
    assert np.array_equal(played.audio, soundfile.read(tmp_path / "out.wav", dtype="float32")[0])
    assert str(played) in capsys.readouterr().out and played.rate == voice.rate == RATE
    again = voice.render((note.astype(np.float32), RATE), **asked)
    assert np.array_equal(again.audio, played.audio)


def test_knobs_have_names_units_and_ends(voice):
    assert [knob.name for knob in voice.knobs()][:2] == ["level", "sharpness"]
    level = voice.knobs()[0]
    assert (level.unit, level.jnd, level.low) == ("dB", 1.0, -80.0) and level.measures


def test_any_rate_comes_out_at_the_models(voice, note):
    stereo = np.stack([note, note], axis=1)
    assert len(voice.render((stereo, 32000), exact=False, f0_hz=440.0, dry=True).audio) == len(note) // 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"warm": 0.5}, "warm=0.5: there is no knob 'warm': this model has level"),
        ({"level": 1.5}, "level=1.5 is out of range: level goes from 0 to 1, its training range"),
        ({"f0_hz": 9000.0}, "out of range"),
    ],
)
def test_what_cannot_be_asked_is_refused(voice, note, asked, words):
    with pytest.raises(ValueError, match=words):
        voice.render((note, RATE), **asked)


def test_what_is_no_sound_is_refused(voice, note, tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        voice.render(tmp_path / "none.wav")
    with pytest.raises(ValueError, match=r"give \(audio, rate\)"):
        voice.render(note)
    with pytest.raises(ValueError, match=r"the sound: .*needs a sound with a pitch"):
        voice.render((0.1 * np.random.default_rng(0).standard_normal(8000), RATE))


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "no.ckpt").write_text("no")
    with pytest.raises(ValueError, match=r"no\.ckpt is not a checkpoint"):
        its.load(tmp_path / "no.ckpt")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        its.load(str(tmp_path))
