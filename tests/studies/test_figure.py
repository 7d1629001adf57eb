"""A figure goes into a report and comes back the same."""

import json
import math

import pytest

from studies.figure import Figure, figure_from_json

FIGURE = Figure("error", "level", None, "low", "dB", "lower", "How far off.", 1.25, 1.0, 1.5, 40, 48)


def test_comes_back_from_json():
    entry = json.loads(json.dumps(FIGURE.as_json))
    assert figure_from_json(entry, entry["n"], entry["of"]) == FIGURE
    assert "n_seeds" not in entry


def test_a_figure_says_how_its_sounds_were_made():
    """The same figure of two renderings is two subjects; an entry of before is of the open one."""
    exact = FIGURE._replace(rendering="exact")
    entry = json.loads(json.dumps(exact.as_json))
    assert figure_from_json(entry, 40, 48) == exact and exact.subject != FIGURE.subject
    del entry["rendering"]
    assert figure_from_json(entry, 40, 48) == FIGURE


def test_null_is_undefined():
    entry = {**FIGURE.as_json, "value": None, "low": None, "high": None}
    found = figure_from_json(entry, 0, 48)
    assert all(map(math.isnan, (found.value, found.low, found.high))) and found.text == "–" and found.share == 0.0


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [(1.25, 0.25, "1.25 ±0.25"), (123.4, 12.0, "123 ±12"), (0.5, math.nan, "0.500"), (0.5, 0.00001, "0.5000 ±0.0000")],
)
def test_text_has_as_many_digits_as_the_interval_leaves(value, half_width, text):
    assert FIGURE._replace(value=value, low=value - half_width, high=value + half_width).text == text


@pytest.mark.parametrize(
    ("definition", "short"),
    [
        ("Mean absolute difference in pitch, 12 log2 of the ratio.", "Mean absolute difference in pitch"),
        (
            "Difference in level where the target sounds (within 40 dB); floored.",
            "Difference in level where the target sounds",
        ),
        ("ViSQOL v3 in audio mode at 48 kHz, a predicted score.", "ViSQOL v3 in audio mode at 48 kHz"),
        ("(r + 1) / 2, r being Pearson's.", "(r + 1) / 2, r being Pearson's"),
        ("Share of notes at 0.8.", "Share of notes at 0.8"),
        ("", ""),
    ],
)
def test_a_definition_begins_with_what_it_is(definition, short):
    figure = Figure("name", None, None, None, "1", "lower", definition, 1.0, 0.5, 1.5)
    assert figure.in_short == short
