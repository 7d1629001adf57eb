"""its.turn: the command's answer in arrays."""

import numpy as np
import pytest
import soundfile

import interpretsynth as its
from timbre import main

RATE = 16000


def test_the_same_as_the_command(note, tmp_path, capsys):
    """To the rounding of the file, and its table."""
    soundfile.write(tmp_path / "in.wav", note, RATE, "DOUBLE")
    main(["turn", *map(str, (tmp_path / "in.wav", tmp_path / "out.wav")), "--nudge", "sharpness=+1jnd"])
    turned = its.turn(note, RATE, sharpness="+1jnd")
    assert np.array_equal(turned.audio, soundfile.read(tmp_path / "out.wav")[0])
    assert capsys.readouterr().out.splitlines()[1:] == str(turned).splitlines()
    outcome = turned.table["sharpness"]
    assert outcome.turned and outcome.asked == pytest.approx(outcome.was + outcome.jnd, abs=1e-4)
    assert abs(outcome.off) < 0.05 and not turned.table["level"].turned and turned.remarks == []


def test_nothing_asked_is_the_same_numbers(note):
    stereo = np.stack([note, -0.25 * note], axis=1).astype(np.float32)
    same = its.turn(stereo, RATE, nudge={"level": "0dB"}, release="noisiness")
    assert np.array_equal(same.audio, stereo) and same.audio.dtype == np.float32
    assert "noisiness" not in same.table and same.table["level"].got == same.table["level"].was


def test_a_given_pitch_is_taken(note):
    hiss = 0.1 * np.random.default_rng(0).standard_normal(len(note))
    assert "It counts as a sound without a pitch" in its.turn(hiss, RATE).remarks[0]
    assert set(its.turn(hiss, RATE, f0_hz=np.full(50, 220.0)).table) > {"noisiness"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"warm": 0.5}, "warm=0.5: there is no knob 'warm': a recording has level"),
        ({"level": "-20dB", "release": ["level"]}, "level is turned: leave one out"),
        ({"fundamental_share": "100%"}, "fundamental_share='100%': .*1% to 99%"),
        ({"channel": 2}, "choose 0 to 0 or mix"),
    ],
)
def test_what_cannot_be_asked_is_refused(note, asked, words):
    with pytest.raises(ValueError, match=words):
        its.turn(note, RATE, **asked)


def test_silence_is_refused():
    with pytest.raises(ValueError, match="the sound is silent"):
        its.turn(np.zeros(8000), RATE)
