"""What a preparation found, in lines that a person reads at once."""

import pytest

from datamodules.preparation.report import SplitSummary, report


def test_each_split_has_a_line():
    lines = report({"train": SplitSummary(7, {}, {}), "valid": None}).splitlines()
    assert lines == ["train: 7 clips, 0 skipped", "valid: no clips, or not all of them prepared yet"]
    assert report({}) == ""


def test_remarks_are_counted_the_most_frequent_first():
    text = report({"train": SplitSummary(7, {}, {"sounds an octave off": 2, "is noise": 5})})
    assert text.splitlines()[1:] == ["  5 is noise", "  2 sounds an octave off"]


def test_three_examples_stand_for_a_reason_and_the_others_are_counted():
    skipped = {f"n{number}": f"/data/n{number}.wav is silent (below -80 dBFS)." for number in range(10)}
    lines = report({"train": SplitSummary(0, skipped | {"odd": "/data/odd.wav is torn."}, {})}).splitlines()
    assert lines == [
        "train: 0 clips, 11 skipped",
        *(f"  skipped n{number}: /data/n{number}.wav is silent (below -80 dBFS)." for number in range(3)),
        "    and 7 more for the same reason",
        "  skipped odd: /data/odd.wav is torn.",
    ]


def test_the_most_frequent_reason_comes_first():
    skipped = {"a": "a is torn.", "b": "b is silent.", "c": "c is silent."}
    lines = report({"test": SplitSummary(0, skipped, {})}).splitlines()[1:]
    assert [line.split()[1] for line in lines] == ["b:", "c:", "a:"]


def n_reasons(skipped: dict[str, str]) -> int:
    """One line is left over for each reason when each has many clips."""
    return report({"train": SplitSummary(0, skipped, {})}).count("more for the same reason")


@pytest.mark.parametrize(
    "name, reason",
    [
        ("tone-{0}", "tone-{0}: no part of it has a clear pitch (the surest has confidence 0.{0}1 of 1)."),
        ("{0}", "{0}: no part of it has a clear pitch (the surest has confidence 0.{0}1 of 1)."),
        ("a tone {0}.wav#{0}", "/my sounds/a tone {0}.wav is silent from {0}.5 s on."),
        ("deep/tone {0}.wav", "/my sounds/deep/tone {0}.wav has {0} samples."),
        ("é{0}音", "é{0}音 is torn."),
        ("Flute (no. {0})", "Flute (no. {0}): no part of it has a clear pitch."),
        (r"[a{0}(\d*", r"[a{0}(\d* is torn."),
        ("x{0}", r"C:\sounds\x{0}.wav is torn."),
    ],
)
def test_reasons_that_differ_in_names_paths_and_numbers_alone_are_one(name, reason):
    filled = {name.format(number): reason.format(number) for number in (1, 2, 3, 10, 555)}
    assert n_reasons(filled) == 1


def test_a_name_within_a_word_is_no_name():
    skipped = {name: f"{name}: there is no sound." for name in ("s", "t", "i", "n", "so", "is")}
    assert n_reasons(skipped) == 1


def test_a_name_that_is_no_text_can_be_printed():
    text = report({"train": SplitSummary(0, {"\udcff.wav": "\udcff.wav is torn."}, {"odd \udcfe": 1})})
    assert text.encode("utf-8").count(b"\\udcff") == 2
