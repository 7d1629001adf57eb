"""Differences on the same notes: scipy's own test, Holm's rule by hand, and notes that only one model has left out."""

import csv
import io
import math

import numpy as np
import pytest
from scipy.stats import ttest_rel, wilcoxon

from studies.comparison.comparison import Comparison, Model
from studies.comparison.paired import holm, paired_csv, paired_differences, paired_sentence
from studies.figure import Figure

N_NOTES = 24


def model(name, values, knobs=("level",), figure="stft", better="lower", rendering="open"):
    """A model whose notes have these values: note and knob -> number, or a number per note."""
    if not isinstance(values, dict):
        values = {(f"note-{n}", ""): float(value) for n, value in enumerate(values)}
    mean = float(np.mean(list(values.values())))
    figures = [Figure(figure, None, None, None, "1", better, "", mean, mean, mean, len(values), len(values))]
    return Model(name, 1, knobs, figures, [], None, {}, None, {(figure, rendering): values})


@pytest.fixture
def scattered():
    """Three models of which notes tell more than chance: the second is worse on nearly all, the third is not."""
    random = np.random.default_rng(3)
    notes = random.normal(size=N_NOTES)
    return [
        model("one", notes),
        model("worse", notes + 0.2 + 0.1 * random.normal(size=N_NOTES)),
        model("alike", notes + 0.1 * random.normal(size=N_NOTES)),
    ]


def test_holm_by_hand():
    """0.01 * 4, 0.02 * 3, then 0.03 * 2 = 0.06, which is as much; 0.04 * 1 may not be less than that."""
    assert holm(np.array([0.02, 0.01, 0.04, 0.03])).tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([0.4, 0.9, 0.5])).tolist() == [1.0, 1.0, 1.0]
    assert holm(np.array([0.02, math.nan, 0.03])).tolist() == pytest.approx([0.04, math.nan, 0.04], nan_ok=True)
    assert holm(np.empty(0)).tolist() == []


def test_the_test_and_the_interval_are_scipys(scattered):
    pairs = {(pair.first, pair.second): pair for pair in paired_differences(Comparison(scattered, []))}
    assert list(pairs) == [("one", "worse"), ("one", "alike"), ("worse", "alike")]
    by_name = {each.name: np.array(list(each.values["stft", "open"].values())) for each in scattered}
    for (first, second), pair in pairs.items():
        one, two = by_name[first], by_name[second]
        expected = ttest_rel(one, two).confidence_interval(0.95)
        assert (pair.low, pair.high) == pytest.approx(tuple(expected))
        assert pair.p == pytest.approx(wilcoxon(one, two).pvalue)
        assert (pair.difference, pair.n) == (pytest.approx((one - two).mean()), N_NOTES)
    expected = holm(np.array([pair.p for pair in pairs.values()]))
    assert [pair.p_holm for pair in pairs.values()] == pytest.approx(expected.tolist())


def test_the_notes_tell_models_apart_whose_intervals_overlap(scattered):
    """One is lower than worse by a fifth of what the notes scatter; lower is better."""
    better = {(pair.first, pair.second): pair.better for pair in paired_differences(Comparison(scattered, []))}
    assert better == {("one", "worse"): "one", ("one", "alike"): None, ("worse", "alike"): "alike"}
    higher = [
        each._replace(quality=[figure._replace(better="higher") for figure in each.quality]) for each in scattered
    ]
    better = {(pair.first, pair.second): pair.better for pair in paired_differences(Comparison(higher, []))}
    assert better[("one", "worse")] == "worse"


def test_a_difference_can_be_read_from_either_side(scattered):
    pair = paired_differences(Comparison(scattered, []))[0]
    turned = pair.against("one")
    assert pair.against("worse") == pair and (turned.first, turned.second) == ("worse", "one")
    assert (turned.difference, turned.low, turned.high) == (-pair.difference, -pair.high, -pair.low)
    assert turned.better == pair.better == "one" and turned.against("worse") == pair


def test_only_notes_and_knobs_of_both_count():
    """Per note the mean over the shared knobs: (1 - 2 + 3 - 5) / 2 and 7 - 4."""
    one = {("a", "level"): 1.0, ("a", "share"): 3.0, ("b", "level"): 7.0, ("c", "level"): 100.0}
    two = {("a", "level"): 2.0, ("a", "share"): 5.0, ("a", "sharpness"): 9.0, ("b", "level"): 4.0}
    (pair,) = paired_differences(Comparison([model("one", one), model("two", two)], []))
    assert (pair.n, pair.difference) == (2, pytest.approx((-1.5 + 3.0) / 2))
    assert math.isnan(pair.p) and math.isnan(pair.p_holm) and pair.better is None, "two notes prove nothing"


def test_models_that_are_the_same_are_not_told_apart():
    pairs = paired_differences(Comparison([model("one", range(10)), model("same", range(10))], []))
    assert [(pair.p, pair.p_holm, pair.better) for pair in pairs] == [(1.0, 1.0, None)]


def test_counts_and_models_without_notes_are_left_out():
    counts = [model(name, range(10), figure="unreachable") for name in ("one", "two")]
    assert paired_differences(Comparison(counts, [])) == []
    apart = [model("one", {("a", ""): 1.0}), model("two", {("b", ""): 2.0})]
    assert paired_differences(Comparison(apart, [])) == []


def test_the_sentence_says_whom_the_best_cannot_be_told_from(scattered):
    comparison = Comparison(scattered, [])
    said = paired_sentence(comparison, paired_differences(comparison), comparison.figures()["stft"])
    best = min(scattered, key=lambda each: each.quality[0].value).name
    other = {"one": "alike", "alike": "one"}[best]
    assert said == (
        f"stft on the same 24 notes: {best} is better than 1 of 2 others; not told apart: {other} "
        "(Wilcoxon, Holm, p < 0.05)."
    )
    assert paired_sentence(comparison, [], comparison.figures()["stft"]) == ""


def test_the_file_has_a_line_per_pair(scattered):
    rows = list(csv.DictReader(io.StringIO(paired_csv(paired_differences(Comparison(scattered, []))))))
    assert [(row["first"], row["second"], row["n"], row["significantly_better"]) for row in rows] == [
        ("one", "worse", "24", "one"), ("one", "alike", "24", ""), ("worse", "alike", "24", "alike")
    ]  # fmt: skip
    assert all(float(row["low"]) < float(row["difference"]) < float(row["high"]) for row in rows)


def test_who_turns_fewer_knobs_is_not_called_the_best(scattered):
    """Level alone is easier than level and sharpness; quality is open to all."""
    easy = model("easy", [-9.0] * N_NOTES)
    of_control = [
        each._replace(quality=[], control=each.quality, knobs=("level",) if each is easy else ("level", "sharpness"))
        for each in (*scattered, easy)
    ]
    for models, is_best in ((of_control, False), ([*scattered, easy], True)):
        comparison = Comparison(models, [])
        said = paired_sentence(comparison, paired_differences(comparison), comparison.figures()["stft"])
        assert ("easy is better than" in said) == is_best and said.startswith("stft on the same 24 notes")
