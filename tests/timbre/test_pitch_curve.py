"""A pitch that is given: right between its moments, and refused in one sentence where it is none."""

import numpy as np
import pytest

from synths import ClipFormat
from timbre.pitch_curve import given_pitch

CLIP = ClipFormat(16000, 16000, 160)


def curve(tmp_path, text, n_samples=16000):
    path = tmp_path / "pitch.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return given_pitch(str(path), n_samples, CLIP)


@pytest.mark.parametrize(("given", "f0_hz"), [("440", 440.0), ("27.5", 27.5), ("4.4e2", 440.0)])
def test_a_number_is_held(given, f0_hz):
    f0 = given_pitch(given, 16001, CLIP)
    assert f0.dtype == np.float32 and f0.shape == (101,) and np.allclose(f0, f0_hz)


@pytest.mark.parametrize(
    "text",
    [
        "time_s,f0_hz\n0.2,220\n0.6,880\n",
        "0.2;220\r\n0.6;880",
        "\ufeffTime_s, F0_Hz\n# by hand\n\n 0.2, 220\n0.6, 880\n",
        "time_s\tf0_hz\n0.2\t220\n0.6\t880\n",
        "0.2   220\n0.6   880\n",
    ],
)
def test_between_two_moments_it_goes_by_octaves_and_is_held_at_the_ends(tmp_path, text):
    f0_hz = curve(tmp_path, text)
    assert np.allclose(f0_hz[[0, 10, 20]], 220) and np.allclose(f0_hz[[60, 80, 99]], 880)
    assert f0_hz[40] == pytest.approx(440, rel=1e-4) and f0_hz[30] == pytest.approx(220 * 2**0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no pitch"),
        ("time_s,f0_hz\n", "holds no pitch"),
        ("0.1,220\n0.1,330\n", r"line 2: 0\.1 s does not come after"),
        ("0.5,220\n0.1,330\n", "sort the lines by time"),
        ("0,nan\n", "line 1: nan Hz is out of range"),
        ("nan,220\n", "line 1: nan is not a time"),
        ("0,220\ninf,220\n", "line 2: inf is not a time"),
        ("0,0\n", "0 Hz is out of range"),
        ("0,-220\n", "-220 Hz is out of range"),
        ("0,8000\n", "less than 8000 Hz"),
        ("0,220,0.9\n", "not a time in s and a pitch in Hz"),
        ("0\n", "not a time in s and a pitch in Hz"),
        ("when,how high\n0,220\n", "line 1: 'when,how high' is not"),
        ("# made by hand\n\n0,220\n0.5,high\n", "line 4"),
        ("x" * 500 + "\n", "x{40}…"),
        (b"RIFF\xff\xfe\x00\x81WAVE", "is not text"),
    ],
)
def test_another_file_is_refused_in_one_sentence(tmp_path, text, said):
    with pytest.raises(ValueError, match=said) as refused:
        curve(tmp_path, text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nan", "out of range"),
        ("inf", "out of range"),
        ("1e9", "out of range"),
        ("-5", "out of range"),
        ("8000", "out of range"),
    ],
)
def test_another_number_is_refused(given, said):
    with pytest.raises(ValueError, match=rf"--f0 {given}.*{said}"):
        given_pitch(given, 16000, CLIP)


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a4\.csv is not a number and cannot be read \(No such file"):
        given_pitch(str(tmp_path / "a4.csv"), 16000, CLIP)
    with pytest.raises(ValueError, match="cannot be read"):
        given_pitch(str(tmp_path), 16000, CLIP)
