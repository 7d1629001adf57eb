"""The scale of a knob: ticks in JNDs, numbers with the digits that matter, names of pitches."""

import pytest

pytestmark = pytest.mark.browser

SHARPNESS = {"name": "sharpness", "unit": "acum", "curve": "linear", "low": 0.5, "high": 2.5, "jnd": 0.08,
             "reach": [[48, 0.1, 0.4], [60, 0.2, 0.6], [72, 0.2, 0.6]]}  # fmt: skip
SPREAD = {"name": "spread", "unit": "Hz", "curve": "log", "low": 100.0, "high": 1600.0, "jnd": None, "reach": []}


def test_ticks_are_jnds_apart_and_stand_where_their_value_is(in_node):
    """From 0.9 to 1.7 acum over 430 pixels, 10 JNDs, and the bands of what no note reaches at both ends."""
    drawn = in_node("scale.js", "scaleTicks(given.knob, [0.2, 0.6], 500)", knob=SHARPNESS)
    assert drawn["jnds"] == 1
    steps = [b - a for a, b in zip(drawn["ticks"], drawn["ticks"][1:], strict=False)]
    assert steps == pytest.approx([0.86 / 10] * len(steps))
    assert dict((text, place) for place, text in drawn["labels"])["1.2"] == pytest.approx(0.07 + 0.86 * 0.3 / 0.8)


def test_where_jnds_are_too_dense_a_tick_stands_for_several(in_node):
    assert in_node("scale.js", "scaleTicks(given.knob, [0.0, 1.0], 60).jnds", knob=SHARPNESS) == 5


def test_of_a_logarithmic_knob_octaves_are_equally_far(in_node):
    drawn = in_node(
        "scale.js", "[200, 400, 800].map((hz) => placeOf(shareOfValue(given.knob, [0, 1], hz)))", knob=SPREAD
    )
    assert drawn[1] - drawn[0] == pytest.approx(drawn[2] - drawn[1]) == pytest.approx(0.86 / 4)
    assert in_node("scale.js", "scaleTicks(given.knob, [0, 1], 500).jnds", knob=SPREAD) == 0


@pytest.mark.parametrize(("low", "high", "digits"), [(0.0, 1.0, 2), (-40.0, 0.0, 1), (0.0, 3000.0, 0), (0.0, 0.05, 3)])
def test_digits_suit_the_reach(in_node, low, high, digits):
    knob = {**SHARPNESS, "low": low, "high": high}
    assert in_node("scale.js", "digitsFor(given.knob, [0, 1])", knob=knob) == digits


def test_shares_are_said_in_percent_as_the_commands_do(in_node):
    """A fundamental share of 0.512 is 51.2 %, and the scale's numbers and their digits are of percents."""
    knob = {**SHARPNESS, "unit": "1", "low": 0.0, "high": 1.0, "jnd": 0.05}
    said = "[inUnit(given.knob, inNumbers(given.knob, 0.512, 1)), digitsFor(given.knob, [0, 1])]"
    assert in_node("scale.js", said, knob=knob) == ["51.2\u202f%", 0]
    labels = in_node("scale.js", "scaleTicks(given.knob, [0.2, 0.8], 500).labels", knob=knob)
    assert "40" in [text for _, text in labels] and not any("." in text for _, text in labels)
    assert in_node("scale.js", "inUnit(given.knob, inNumbers(given.knob, 1.25, 2))", knob=SHARPNESS) == "1.25\u202facum"


def test_pitches_have_names(in_node):
    said = in_node("scale.js", "[saidPitch(440), saidPitch(445), noteName(60), isBlack(61)]")
    assert said == ["A4", "A4 +20\u202fct", "C4", True]


def test_what_was_learnt_ends_where_rows_repeat(in_node):
    rows = [[21, 0.1, 0.4], [33, 0.1, 0.4], [48, 0.1, 0.5], [60, 0.2, 0.6], [72, 0.2, 0.6]]
    knobs = [{**SHARPNESS, "reach": rows}]
    assert in_node("scale.js", "learntPitches({ knobs: given.knobs })", knobs=knobs) == [33, 60]
    assert in_node("scale.js", "learntPitches({ knobs: given.knobs, pitches: [40, 50] })", knobs=knobs) == [40, 50]
