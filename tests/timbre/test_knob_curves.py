"""Knobs over time from a CSV: right values between the moments; each broken file in one sentence."""

import pytest
import torch

from synths import ClipFormat, Sharpness
from timbre.knob_curves import read_knob_curves
from timbre.requests import refuse_out_of_range

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "knobs.csv").write_text(text, encoding="utf-8")
        return tmp_path / "knobs.csv"

    return write


def test_a_column_is_a_knob_in_its_unit_between_the_moments_in_a_line(write):
    path = write(
        "# bright in the middle\ntime_s,sharpness_acum,level,noisiness_jnd,fundamental_share_percent,tilt\n"
        "0.2,1.0,0.5,-2,40,0\n\n0.6,2.0,0.7,2,60,1\n"
    )
    curves = read_knob_curves(path)
    assert [(c.request.knob, c.request.unit, c.request.moves) for c in curves] == [
        ("sharpness", "acum", False),
        ("level", "", False),
        ("noisiness", "jnd", True),
        ("fundamental_share", "1", False),
        ("tilt", "", False),
    ]
    sharpness, level, noisiness, share, _ = (curve.over(16001, CLIP).value for curve in curves)
    assert sharpness.shape == (101,)
    assert sharpness[[0, 20, 30, 40, 60, 100]].tolist() == pytest.approx([1.0, 1.0, 1.25, 1.5, 2.0, 2.0])
    assert (level[40], noisiness[40], share[40]) == (pytest.approx(0.6), pytest.approx(0.0), pytest.approx(0.5))


@pytest.mark.parametrize(
    "text", ["time_s;level\n0;0.5\n1;0.7\n", "time_s level\n0 0.5\n1 0.7", "TIME_S\tlevel\n0\t.5\n1\t.7"]
)
def test_any_separator_will_do(write, text):
    assert read_knob_curves(write(text))[0].over(8000, CLIP).value[-1] == pytest.approx(0.5 + 0.2 * 0.49)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "knobs.csv is empty: write a first line such as time_s,sharpness, and below it a line per moment"),
        ("# nothing\n", "is empty"),
        ("time_s,level\n", "names columns and holds no moments"),
        ("0,0.5\n", "line 1: '0,0.5' does not name time_s and a knob"),
        ("time_s\n0\n", "line 1: 'time_s' does not name time_s and a knob"),
        ("time_s,level\n0,0.5,0.7\n", "line 2: 3 values where the first line names 2 columns"),
        ("time_s,level\n0,\n", "line 2: '' is not a number"),
        ("time_s,level\n0,loud\n", "line 2: 'loud' is not a number"),
        ("time_s,level\n0,nan\n", "line 2: 'nan' is not a finite number"),
        ("time_s,level\ninf,0.5\n", "line 2: inf is not a time"),
        ("time_s,level\n0.5,0\n\n0.5,1\n", "line 4: 0.5 s does not come after 0.5 s: sort the lines by time."),
        ("time_s,level,level_dB\n0,0,0\n", "line 1: two columns ask level: leave one out."),
        ("time_s,level_acum\n0,0\n", "column level_acum: level is not measured in 'acum': give it in dB"),
    ],
)
def test_a_broken_file_is_named_with_line_value_and_mend(write, text, why):
    with pytest.raises(ValueError) as refused:
        read_knob_curves(write(text))
    assert why in str(refused.value) and "knobs.csv" in str(refused.value)


def test_what_is_no_file_of_text_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\xff\xfe")
    for path, why in (
        (tmp_path, "cannot be read (Is a directory)"),
        (tmp_path / "a.wav", "is not text"),
        (tmp_path / "none.csv", "cannot be read (No such file"),
    ):
        with pytest.raises(ValueError) as refused:
            read_knob_curves(path)
        assert why in str(refused.value) and f"--curve {path}" in str(refused.value)


def test_a_value_out_of_range_is_named_with_its_line(write):
    curve = read_knob_curves(write("time_s,sharpness_acum\n0,1.0\n\n1,9.0\n"))[0]
    first, second = curve.each_moment()
    refuse_out_of_range(first, Sharpness(CLIP))
    with pytest.raises(ValueError, match=r"knobs.csv, column sharpness_acum, line 4: 9 is out of range: .* 2 acum"):
        refuse_out_of_range(second, Sharpness(CLIP))
    assert torch.as_tensor(curve.request.value).tolist() == [1.0, 9.0]
