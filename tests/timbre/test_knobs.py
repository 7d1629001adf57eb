"""knobs: ranges in units and least audible differences; of a recording, where it is and how far it goes."""

import pytest
from matplotlib.image import imread

from instrument.reach import KnobReach
from synths import ClipFormat, FundamentalShare, Level, SpectralSpread
from timbre import main
from timbre.knob_picture import slider_figure, ticks
from timbre.knob_tables import reach_lines

CLIP = ClipFormat()
FOUND = [
    KnobReach(Level(CLIP), 0.75, 0.25, 1.0),  # -80 to 0 dB
    KnobReach(FundamentalShare(CLIP), 0.4, 0.1, 0.95),
    KnobReach(SpectralSpread(CLIP), 0.5, 0.25, 0.75),
]


def test_a_line_per_knob_says_where_it_is_and_how_far_it_goes():
    lines = reach_lines([*FOUND, KnobReach(Level(CLIP), 0.5, float("nan"), float("nan"))])
    assert lines[1].split() == ["level", "dB", "-20.0", "0.75", "-60.0", "0", "-40.0", "+20.0"]
    assert lines[2].split() == ["fundamental_share", "%", "40.0", "0.40", "10.0", "95.0", "-6.0", "+11.0"]
    assert lines[3].split()[-2:] == ["–", "–"]
    assert " ".join(line.strip() for line in lines[5:7]).startswith(
        "level: only sound tells, and how far it goes is not known"
    )
    assert max(map(len, lines)) <= 80


def test_ticks_are_one_least_audible_difference_apart():
    places, numbers = ticks(FOUND[0], 0.0, 1.0)
    assert len(places) == 81 and places[1] - places[0] == pytest.approx(1 / 80)
    assert (pytest.approx(0.75), "0") in numbers and (pytest.approx(0.25), "-40") in numbers
    assert len(numbers) <= 14
    places, numbers = ticks(FOUND[2], 0.0, 1.0)
    assert len(places) == 21 and numbers[0] == (pytest.approx(0.0), "-10"), "5 % where none is known"


def test_the_picture_has_a_slider_per_knob():
    figure = slider_figure(FOUND, "note.wav")
    assert len(figure.axes) == 3
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"-80.0 dB", "0 dB", "level  -20.0 dB", "-40", "0", "+20"} <= set(texts)
    grey, blue = (line.get_xdata().tolist() for line in figure.axes[0].lines[:2])
    assert grey == [0.0, 1.0] and blue == [0.25, 1.0]


def test_a_model_alone_says_units_ends_and_steps(trained, capsys):
    main(["knobs", str(trained)])
    printed = capsys.readouterr().out
    sharpness = next(line for line in printed.splitlines() if "sharpness" in line).split()
    low, high, jnd, steps = map(float, sharpness[2:6])
    assert sharpness[1] == "acum" and jnd == 0.08 and steps == pytest.approx((high - low) / 0.08, abs=1)
    assert "pitch tracker" in printed
    assert max(map(len, printed.splitlines()[1:])) <= 80
    main(["knobs", str(trained), "--pitch", "220", "440"])
    assert "at 440 Hz" in capsys.readouterr().out


def test_a_recording_says_where_it_is_and_draws_it(trained, tmp_path, write_tone, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tone(tmp_path / "note.wav", 330.0)
    main(["knobs", str(trained), "note.wav", "--picture", "sliders.png"])
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "note.wav: how far its knobs go while the others hold"
    level = next(line for line in printed if line.startswith("level")).split()
    assert float(level[4]) < float(level[2]) <= float(level[5])
    assert float(level[6]) == pytest.approx(float(level[4]) - float(level[2]), abs=0.2), "a JND of level is 1 dB"
    assert printed[-1] == "Written: sliders.png" and max(map(len, printed)) <= 80
    assert imread(tmp_path / "sliders.png").shape[1] > 600


def test_descriptors_that_were_not_trained_on_have_their_lines(trained, tmp_path, write_tone, capsys):
    write_tone(tmp_path / "note.wav", 330.0)
    main(["knobs", str(trained), str(tmp_path / "note.wav"), "--also", "warmth", "--also", "spectral_spread"])
    printed = capsys.readouterr().out
    lines = {line.split()[0]: line.split() for line in printed.splitlines()}
    assert lines["warmth"][1] == "points" and lines["warmth"][-1] == "–"
    assert lines["spectral_spread"][1] == "Hz" and float(lines["spectral_spread"][5]) > float(
        lines["spectral_spread"][4]
    )
    assert "warmth: only sound tells" in printed


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--also", "warmth"], "--also goes with a recording"),
        (["in.wav", "--also", "warm"], "--also warm: choose one of brightness, level"),
        (["--picture", "a.png"], "--picture goes with a recording: timbre knobs RUN IN.wav --picture"),
        (["--f0", "440"], "--f0 goes with a recording"),
        (["--pitch", "0"], "--pitch 0 is not a pitch"),
        (["in.wav", "--pitch", "220"], "--pitch goes without a recording"),
        (["in.wav", "--picture", "a.jpg"], "--picture a.jpg: write a file that ends in .png."),
        (["in.wav", "--picture", "none/a.png"], "the folder none does not exist"),
        (["in.wav"], "in.wav"),
    ],
)
def test_wrong_options_are_refused_before_a_model_is_loaded(options, why, refuses, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert why in refuses("knobs", "RUN", *options)
