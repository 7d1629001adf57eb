"""Numbers are positions, text has units, JNDs are moves; what may be meant two ways is refused."""

import numpy as np
import pytest

from interpretsynth.asking import requests_to


def parts(request):
    return request.knob, request.value, request.unit, request.moves


def test_places_and_moves():
    asked = {"level": "-30dB", "sharpness": "+2jnd", "noisiness": 0.25, "fundamental_share": "20%"}
    assert [parts(each) for each in requests_to(asked, {"odd_even_balance": "-3 dB"})] == [
        ("level", -30.0, "dB", False),
        ("sharpness", 2.0, "jnd", True),
        ("noisiness", 0.25, "", False),
        ("fundamental_share", 0.2, "1", False),
        ("odd_even_balance", -3.0, "dB", True),
    ]
    assert requests_to({}, {"level": np.float32(0.5)})[0].moves and requests_to({"level": "-1 JNDs"})[0].moves


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"level": "+3dB"}, r"level='\+3dB': a place has no plus: .* nudge=\{'level': '\+3dB'\}"),
        ({"level": True}, "level=True: give a position"),
        ({"level": None}, "level=None: give a position"),
        ({"level": float("nan")}, "level=nan: give a position"),
        ({"level": "loud"}, "level='loud': give a position from 0 to 1, or text with a unit"),
        ({"sharpness": "1dB"}, "sharpness='1dB': sharpness is not measured in 'dB': give it in acum"),
    ],
)
def test_what_is_no_request_is_refused(asked, words):
    with pytest.raises(ValueError, match=words):
        requests_to(asked)


def test_a_knob_is_asked_once():
    with pytest.raises(ValueError, match=r"level=.-20dB. and nudge level=0\.1 ask the same knob twice"):
        requests_to({"level": "-20dB"}, {"level": 0.1})
