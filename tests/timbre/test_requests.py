"""Requests as they are typed: what each means, and one sentence for each that means nothing."""

import pytest
import torch

from synths import ClipFormat, Level, Sharpness, SpectralCentroid
from synths.descriptors.request import KnobRequest
from timbre.requests import parsed_beside, parsed_requests, refuse_out_of_range, refuse_unknown, spoken_unit

CLIP = ClipFormat()
KNOBS = {"level": Level(CLIP), "sharpness": Sharpness(CLIP), "spectral_centroid": SpectralCentroid(CLIP)}


def one(text, option="--set"):
    return parsed_requests([text], option)[0]


@pytest.mark.parametrize(
    ("option", "text", "asked"),
    [
        ("--set", "sharpness=0.8", ("sharpness", 0.8, "", False)),
        ("--set", " sharpness = .8 ", ("sharpness", 0.8, "", False)),
        ("--set", "sharpness=1.8acum", ("sharpness", 1.8, "acum", False)),
        ("--set", "sharpness=1.8 Acum", ("sharpness", 1.8, "acum", False)),
        ("--set", "noisiness=-30dB", ("noisiness", -30.0, "dB", False)),
        ("--set", "noisiness=−30db", ("noisiness", -30.0, "dB", False)),
        ("--set", "fundamental_share=41%", ("fundamental_share", 0.41, "1", False)),
        ("--set", "brightness=60points", ("brightness", 60.0, "0-100", False)),
        ("--set", "log_attack_time=-1log10s", ("log_attack_time", -1.0, "log10 s", False)),
        ("--set", "vco_2.shape=0.25", ("vco_2.shape", 0.25, "", False)),
        ("--set", "mine=3furlong", ("mine", 3.0, "furlong", False)),
        ("--nudge", "sharpness=+2jnd", ("sharpness", 2.0, "jnd", True)),
        ("--nudge", "sharpness=-2.5 JNDs", ("sharpness", -2.5, "jnd", True)),
        ("--nudge", "sharpness=+0.2acum", ("sharpness", 0.2, "acum", True)),
        ("--nudge", "sharpness=+0.1", ("sharpness", 0.1, "", True)),
        ("--nudge", "spectral_centroid=2e2Hz", ("spectral_centroid", 200.0, "Hz", True)),
    ],
)
def test_what_is_typed_is_what_is_asked(option, text, asked):
    request = one(text, option)
    assert request[:4] == (asked[0], pytest.approx(asked[1]), *asked[2:])
    assert request.written == f"{option} {text}"


@pytest.mark.parametrize(
    ("option", "text", "why"),
    [
        ("--set", "sharpness", "write --set KNOB=NUMBER, such as --set sharpness=0.5 or --set sharpness=1.8acum."),
        ("--set", "=0.5", "KNOB=NUMBER"),
        ("--set", "sharpness=", "KNOB=NUMBER"),
        ("--set", "sharpness=nan", "KNOB=NUMBER"),
        ("--set", "sharpness=1,8acum", r"is not measured in ',8acum'"),
        ("--nudge", "sharpness=up", r"such as --nudge sharpness=\+0.1 or --nudge sharpness=\+2jnd."),
        ("--set", "sharpness=2jnd", r"a place is not counted in JNDs: write --nudge sharpness=\+2jnd"),
        ("--set", "sharpness=2dB", "sharpness is not measured in 'dB': give it in acum or, without a unit, as a"),
        ("--nudge", "level=2acum", "level is not measured in 'acum': give it in dB, in JND or, without"),
        ("--nudge", "spectral_rolloff=2sone", "in 'sone': give it in Hz or, without a unit"),
    ],
)
def test_what_means_nothing_is_refused_with_the_mend(option, text, why):
    with pytest.raises(ValueError, match=why) as refused:
        one(text, option)
    assert str(refused.value).startswith(f"{option} {text}: ")


def test_a_knob_is_asked_once():
    with pytest.raises(ValueError, match=r"--set level=0.5 and --set level=-20dB ask the same knob twice"):
        parsed_requests(["level=0.5", "sharpness=0.5", "level=-20dB"], "--set")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("warmth=+5points", ("warmth", 5.0, "0-100", True)),
        ("roughness=0.1asper", ("roughness", 0.1, "asper", False)),
        ("booming=-3", ("booming", -3.0, "0-100", True)),
        ("temporal_centroid=0.5 s", ("temporal_centroid", 0.5, "s", False)),
    ],
)
def test_what_only_sound_tells_is_asked_in_its_unit(text, asked):
    (request,) = parsed_beside([text])
    assert request[:4] == asked and request.written == f"--also {text}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hardness=50", "it cannot be turned: it jumps"),
        ("audio_commons_roughness=50", "it cannot be turned: it grows as a partial vanishes"),
        ("warm=50", "choose one of brightness, level, .*warmth"),
        ("warmth=50dB", r"warmth is not measured in 'dB': give it in points\."),
    ],
)
def test_what_cannot_be_turned_beside_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        parsed_beside([text])


def test_what_the_knobs_cannot_be_asked_is_refused():
    refuse_unknown(parsed_requests(["sharpness=1.8acum", "tilt=0.4"], "--set"), KNOBS, ["tilt"])
    for text, why in (
        ("warmth=0.5", "there is no knob 'warmth': this model has level, sharpness, spectral_centroid, tilt."),
        ("tilt=2dB", "--nudge tilt=2dB: tilt is measured in nothing: give it as a position"),
        ("spectral_centroid=1jnd", "no least audible difference of spectral_centroid is known: give the move in Hz."),
    ):
        with pytest.raises(ValueError, match=why):
            refuse_unknown([one(text, "--nudge")], KNOBS, ["tilt"])
    with pytest.raises(ValueError, match=r"there is no knob 'level': this model has none."):
        refuse_unknown([one("level=0.5")], {})
    with pytest.raises(ValueError, match=r"mine is not measured in 'furlong': give it in dB."):
        refuse_unknown([one("mine=3furlong")], {"mine": Level})


@pytest.mark.parametrize(
    ("option", "text", "why"),
    [
        ("--set", "sharpness=1.1", "sharpness goes from 0 to 1, its training range."),
        ("--set", "sharpness=2.1acum", "sharpness goes from 0.4 to 2 acum, its training range."),
        ("--set", "level=3dB", "level goes from -80 to 0 dB"),
        ("--nudge", "sharpness=+1.1", r"sharpness moves by -1 to \+1."),
        ("--nudge", "sharpness=-1.7acum", r"sharpness moves by -1.6 to \+1.6 acum."),
        ("--nudge", "sharpness=+21jnd", r"sharpness moves by -20 to \+20 JND."),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range(option, text, why):
    request = one(text, option)
    with pytest.raises(ValueError, match=f"{text} is out of range: ".replace("+", r"\+") + why):
        refuse_out_of_range(request, KNOBS[request.knob])


def test_the_ends_are_in_range():
    for text in ("sharpness=0", "sharpness=1", "sharpness=0.4acum", "sharpness=2acum", "level=-80dB"):
        refuse_out_of_range(one(text), KNOBS[text.partition("=")[0]])
    refuse_out_of_range(one("sharpness=-20jnd", "--nudge"), KNOBS["sharpness"])
    refuse_out_of_range(one("tilt=1"), None)


def test_a_share_is_spoken_of_in_percent():
    assert spoken_unit(KNOBS["level"]) == ("dB", 1.0)
    assert one("spectral_flatness=50%") == KnobRequest(
        "spectral_flatness", 0.5, "1", False, "--set spectral_flatness=50%"
    )


def test_a_course_is_checked_in_all_its_moments():
    course = KnobRequest("level", torch.tensor([0.0, 0.5, 1.2]), "", False, "--curve a.csv, column level")
    with pytest.raises(ValueError, match="column level is out of range"):
        refuse_out_of_range(course, KNOBS["level"])
