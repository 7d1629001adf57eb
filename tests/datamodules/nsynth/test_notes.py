"""What examples.json says of notes, and which of them a filter lets pass."""

import json

import pytest

from datamodules.nsynth.notes import QUALITIES, Fields, NoteFilter, is_noise, labels_of, problem_of, read_notes

NOTE = {
    "pitch": 60,
    "velocity": 100,
    "instrument": 417,
    "instrument_family": 2,
    "instrument_source": 0,
    "qualities": [1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    "sample_rate": 16000,
}


def note(**changed) -> Fields:
    return Fields(list((NOTE | changed).items()))


def test_of_what_is_there_twice_the_first_counts_and_all_of_it_is_named():
    text = '{"a": {"pitch": 1, "velocity": 2, "pitch": 3}, "b": {}, "a": {"pitch": 9}, "c": 1, "c": 2, "c": 3}'
    notes = read_notes(text.encode(), "examples.json")
    assert notes == {"a": {"pitch": 1, "velocity": 2}, "b": {}, "c": 1}
    assert notes.repeated == ("a", "c") and notes["a"].repeated == ("pitch",) and notes["b"].repeated == ()


@pytest.mark.parametrize(
    "text",
    ['{"half', "[]", "1", "", '{"a": \xff}', "null", "[" * 100_000, '{"a":' * 2000 + "1" + "}" * 2000, "9" * 5000],
)
def test_what_is_not_a_listing_is_refused(text):
    with pytest.raises(
        ValueError, match=r"x\.json (is not valid JSON|should hold one entry).*unpack the data set again"
    ):
        read_notes(text.encode("latin1"), "x.json")


def test_labels_are_numbers_and_qualities_by_name():
    labels = labels_of(note())
    assert labels["pitch"] == 60 and labels["instrument"] == 417 and labels["instrument_family"] == 2
    assert [name for name, value in labels.items() if name.startswith("quality_") and value] == [
        "quality_bright",
        "quality_tempo_synced",
    ]
    assert len(labels) == 15 and all(isinstance(value, float) for value in labels.values())
    without = note()
    del without["qualities"]
    assert len(labels_of(without)) == 5 and problem_of(without) == ""


WRONG = {
    "no pitch": ({"pitch": None}, "no pitch"),
    "two missing": ({"velocity": "loud", "instrument": []}, "no velocity or instrument"),
    "too high": ({"pitch": 128}, "pitch 128"),
    "below zero": ({"pitch": -1}, "pitch -1"),
    "no number": ({"pitch": float("nan")}, "pitch nan"),
    "no family": ({"instrument_family": 11}, "instrument_family 11"),
    "no source": ({"instrument_source": 3}, "instrument_source 3"),
    "too few qualities": ({"qualities": [0] * 9}, "qualities"),
    "other qualities": ({"qualities": [2] * 10}, "qualities"),
    "rate in words": ({"sample_rate": "16 kHz"}, "no sample_rate"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_entry_says_what_is_wrong(kind):
    changed, reason = WRONG[kind]
    assert reason in problem_of(note(**changed))


def test_every_midi_number_is_a_pitch():
    assert not any(problem_of(note(pitch=pitch)) for pitch in range(128))


def test_a_field_that_is_there_twice_is_a_problem():
    assert "pitch twice" in problem_of(Fields([*NOTE.items(), ("pitch", 61)]))
    assert problem_of("not a note") and problem_of(json.loads("{}", object_pairs_hook=Fields))


def test_noise_is_a_stretch_of_one_instrument():
    assert is_noise("brass_acoustic_046-084-025") and is_noise("brass_acoustic_046-108-100")
    assert is_noise("brass_acoustic_046-099-050")
    for fine in ("brass_acoustic_046-083-127", "brass_acoustic_046-060-100", "brass_acoustic_047-090-100"):
        assert not is_noise(fine)


FILTERS = {
    "all": ({}, True),
    "its family": ({"families": ["bass", "flute"]}, True),
    "other families": ({"families": ["bass", "synth_lead"]}, False),
    "its source": ({"instrument_sources": ["acoustic"]}, True),
    "another source": ({"instrument_sources": ["electronic"]}, False),
    "its pitch": ({"pitches": (60, 60)}, True),
    "below": ({"pitches": (0, 59)}, False),
    "above": ({"pitches": (61, 127)}, False),
    "its velocity": ({"velocities": [25, 100]}, True),
    "other velocities": ({"velocities": [25, 127]}, False),
    "its qualities": ({"qualities": ["bright", "tempo-synced"]}, True),
    "one of them is not its": ({"qualities": ["bright", "dark"]}, False),
    "without others": ({"without_qualities": ["dark", "reverb"]}, True),
    "without one of its": ({"without_qualities": ["dark", "tempo-synced"]}, False),
}


@pytest.mark.parametrize("kind", FILTERS)
def test_filters(kind):
    wanted, passes = FILTERS[kind]
    assert NoteFilter(**wanted).passes(labels_of(note())) == passes


def test_filters_by_quality_need_qualities():
    assert NoteFilter(qualities=["dark"]).needs_qualities() and NoteFilter(without_qualities=["dark"]).needs_qualities()
    assert not NoteFilter(families=["bass"]).needs_qualities()


@pytest.mark.parametrize("key", ["families", "instrument_sources", "qualities", "without_qualities"])
def test_an_unknown_name_is_refused_with_the_choices(key):
    with pytest.raises(ValueError, match=rf"data\.{key} names 'wood': choose from .*(brass|electronic|tempo-synced)"):
        NoteFilter(**{key: ["wood"]})


def test_pitches_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match="lowest comes first"):
        NoteFilter(pitches=(64, 60))


def test_the_qualities_are_in_the_order_of_the_corpus():
    assert len(QUALITIES) == 10 and QUALITIES[0] == "bright" and QUALITIES[4] == "long_release"


@pytest.mark.parametrize("field", ["pitch", "velocity", "instrument_family", "instrument_source"])
@pytest.mark.parametrize("value", [0.5, 1.7, float("nan")])
def test_a_label_that_is_no_whole_number_is_a_problem(field, value):
    assert problem_of(note(**{field: value})) == f"gives {field} {value}, which is not a whole number,"
    assert not problem_of(note(**{field: 1.0}))
