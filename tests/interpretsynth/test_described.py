"""its.describe: the numbers of `timbre describe`, and the mean that knobs go by."""

import json

import numpy as np
import pytest
import soundfile

import interpretsynth as its
from timbre import main

RATE = 16000


def test_the_same_as_the_command(note, tmp_path, capsys):
    soundfile.write(tmp_path / "in.wav", note, RATE, "FLOAT")
    main(["describe", str(tmp_path / "in.wav"), "--json", "-", "--only", "sharpness,sustain,noisiness"])
    (told,) = json.loads(capsys.readouterr().out).values()
    read = its.describe(note, RATE, only=["noisiness", "sharpness", "sustain"])
    assert {name: quality.whole for name, quality in read.readings.items()} == pytest.approx(
        {name: told[name] for name in read.readings}, rel=1e-6
    )
    assert read["sharpness"].curve == pytest.approx(np.array(told["frames"]["sharpness"]), rel=1e-6)
    assert read.time_s.tolist() == pytest.approx(told["frames"]["time_s"]) and read["sustain"].curve is None


def test_the_mean_is_over_what_sounds(note):
    """It is the knob's place; silence behind the note does not count."""
    longer = np.concatenate([note, np.zeros(RATE // 2)])
    read = its.describe(longer, RATE, only="level")
    assert read["level"].mean == pytest.approx(read["level"].curve[read.sounding].mean())
    assert read.sounding.sum() < 60 and read["level"].mean > -30.0 > read["level"].curve.mean()


def test_without_a_pitch_some_have_no_reading():
    hiss = 0.1 * np.random.default_rng(0).standard_normal(8000)
    read = its.describe(hiss, RATE, only=["noisiness", "level"])
    assert read["noisiness"].mean is read["noisiness"].whole is read["noisiness"].curve is read.f0_hz is None
    assert its.describe(hiss, RATE, only="noisiness", f0_hz=220.0)["noisiness"].mean > 0.0


def test_no_such_descriptor(note):
    with pytest.raises(ValueError, match="there is no descriptor 'warm': choose among"):
        its.describe(note, RATE, only="warm")
