"""Systems of known answer: perfect, deaf, contrary and noisy ones score what arithmetic says."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from evaluation.control.frave import FraveProtocol, batch_scores, run_protocol
from evaluation.control.target_curves import PublishedRange, published_centroid_hz

KNOBS = ["level", "sharpness", "noisiness"]
NAMES = ["frave_score", "frave_l1", "frave_pearson", "frave_spearman", "frave_kendall", "frave_example_pearson"]


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def curves(rng):
    """50 notes whose curves have nothing in common: six batches of eight and one of two."""
    return rng.uniform(-1, 1, (50, len(KNOBS), 64))


def values_of(result):
    """(name, knob) -> value."""
    return {(figure.name, figure.knob): figure.value for figure in result.figures()}


def test_a_perfect_system_scores_one(curves):
    result = run_protocol(lambda targets, examples: targets, curves, KNOBS)
    for (name, _), value in values_of(result).items():
        if name == "frave_l1":
            assert value == 0
        elif name != "frave_example_pearson":  # which counts constant targets as 0
            assert value == pytest.approx(1)


def test_a_contrary_system_scores_zero(curves):
    values = values_of(run_protocol(lambda targets, examples: -targets, curves, KNOBS))
    for knob in [*KNOBS, None]:
        assert values["frave_score", knob] == pytest.approx(0)
        assert values["frave_kendall", knob] == pytest.approx(-1)


def test_systems_that_do_not_listen_score_chance(curves, rng):
    """Over 140 batches and three knobs: r of one is no less certain than that of eight numbers, 0.38."""
    protocol = FraveProtocol(passes=20)
    for deaf in (
        lambda targets, examples: curves[examples],
        lambda targets, examples: rng.normal(size=targets.shape),
    ):
        result = run_protocol(deaf, curves, KNOBS, protocol, data_set=rng.uniform(-1, 1, (200, len(KNOBS), 64)))
        values = values_of(result)
        assert values["frave_score", None] == pytest.approx(0.5, abs=0.02)
        for name in ("frave_pearson", "frave_spearman", "frave_kendall", "frave_example_pearson"):
            assert values[name, None] == pytest.approx(0, abs=0.04)


def test_what_all_notes_share_lifts_a_deaf_system_above_chance(curves):
    """Targets are borrowed from the data: where every note decays, so do most targets. 0.5 is no floor then."""
    decaying = np.linspace(1, -1, 64) + 0.1 * curves
    values = values_of(run_protocol(lambda targets, examples: decaying[examples], decaying, KNOBS))
    assert values["frave_score", None] > 0.7


def test_noise_lowers_r_as_in_closed_form(rng):
    """Independent noise of deviation s on a request of deviation a: r = a / sqrt(a^2 + s^2)."""
    asked = rng.uniform(-1, 1, (200, 2, 64))
    noise = np.array([[0.5], [1.0]])
    scores = batch_scores(asked, asked + noise * rng.normal(size=asked.shape))
    expected = 1 / np.sqrt(1 + 3 * noise[:, 0] ** 2)
    np.testing.assert_allclose(scores.pearson, expected, atol=0.015)
    np.testing.assert_allclose(scores.score, (expected + 1) / 2, atol=0.008)
    np.testing.assert_allclose(scores.l1, noise[:, 0] * math.sqrt(2 / math.pi), atol=0.02)
    np.testing.assert_allclose(scores.example_pearson, expected, atol=0.02)


def test_one_deaf_knob_does_not_touch_the_others(curves, rng):
    def system(targets, examples):
        return np.stack([targets[:, 0], rng.normal(size=targets[:, 1].shape), targets[:, 2]], axis=1)

    values = values_of(run_protocol(system, curves, KNOBS))
    assert values["frave_score", "level"] == values["frave_score", "noisiness"] == pytest.approx(1)
    assert values["frave_score", "sharpness"] == pytest.approx(0.5, abs=0.06)
    mean = np.mean([values["frave_score", knob] for knob in KNOBS])
    assert values["frave_score", None] == pytest.approx(mean)


def test_coefficients_are_those_of_torch_and_scipy(rng):
    asked = rng.normal(size=(8, 1, 64)).round(1)
    measured = 0.7 * asked + rng.normal(size=asked.shape).round(1)
    scores = batch_scores(asked, measured)
    first, second = asked.ravel(), measured.ravel()
    cosine = torch.nn.CosineSimilarity(dim=0, eps=1e-6)
    expected = cosine(*(torch.from_numpy(values - values.mean()) for values in (first, second))).item()
    assert scores.score[0] == pytest.approx((expected + 1) / 2)
    assert scores.pearson[0] == pytest.approx(stats.pearsonr(first, second).statistic)
    assert scores.spearman[0] == pytest.approx(stats.spearmanr(first, second).statistic)
    assert scores.kendall[0] == pytest.approx(stats.kendalltau(first, second).statistic)
    within = [stats.pearsonr(*curves).statistic for curves in zip(asked[:, 0], measured[:, 0], strict=True)]
    assert scores.example_pearson[0] == pytest.approx(np.mean(within))


def test_a_constant_target_counts_as_zero_within_its_note(rng):
    asked = rng.normal(size=(4, 1, 64))
    asked[0], asked[1] = 0.3, -1.0
    scores = batch_scores(asked, asked.copy())
    assert scores.example_pearson[0] == pytest.approx(0.5)
    assert scores.pearson[0] == pytest.approx(1)


@pytest.mark.parametrize("value", [0.0, 0.1, -1.0])
def test_a_measured_curve_that_never_moves_scores_chance(rng, value):
    scores = batch_scores(rng.normal(size=(8, 2, 64)), np.full((8, 2, 64), value))
    np.testing.assert_allclose(scores.score, 0.5, atol=1e-6)
    for coefficient in (scores.pearson, scores.spearman, scores.kendall, scores.example_pearson):
        np.testing.assert_allclose(coefficient, 0, atol=1e-6)


def test_correlation_forgives_offset_and_gain_but_l1_does_not(rng):
    asked = rng.uniform(-1, 1, (8, 1, 64))
    scores = batch_scores(asked, 0.5 * asked + 0.4)
    assert scores.score[0] == pytest.approx(1)
    assert scores.l1[0] == pytest.approx(np.abs(0.5 * asked - 0.4).mean())


def test_a_wrong_bias_of_each_note_lowers_r_of_the_batch_only(rng):
    asked = rng.uniform(-1, 1, (8, 1, 64))
    scores = batch_scores(asked, asked + np.linspace(-3, 3, 8)[:, None, None])
    assert scores.example_pearson[0] == pytest.approx(1)
    assert scores.pearson[0] < 0.5


def test_only_frames_that_sound_count(curves, rng):
    sounding = rng.random((len(curves), 64)) < 0.5

    def system(targets, examples):
        return np.where(sounding[examples, None], targets, np.nan)

    ours = run_protocol(system, curves, KNOBS, sounding=sounding)
    np.testing.assert_allclose(ours.batches.score, np.ones((7, 3)))
    np.testing.assert_array_equal(ours.batches.l1, np.zeros((7, 3)))
    published = run_protocol(system, curves, KNOBS, FraveProtocol(as_published=True), sounding=sounding)
    assert all(math.isnan(value) for value in values_of(published).values())


def test_a_note_with_fewer_than_two_frames_says_nothing_of_its_own(rng):
    asked, sounding = rng.normal(size=(4, 1, 64)), np.ones((4, 64), dtype=bool)
    sounding[0], sounding[1, 1:] = False, False
    assert batch_scores(asked, asked, sounding).example_pearson[0] == pytest.approx(1)
    sounding[2:, 1:] = False
    scores = batch_scores(asked, asked, sounding)
    assert scores.pearson[0] == pytest.approx(1) and math.isnan(scores.example_pearson[0])
    assert all(np.isnan(score).all() for score in batch_scores(asked, asked, np.zeros_like(sounding)))


def test_requests_borrow_from_the_data_set(curves):
    """Two of three requests, of 150, are a curve of the data set; here it is always the same one."""
    borrowed = []

    def system(targets, examples):
        borrowed.extend(np.all(targets == 0.123, axis=-1).ravel())
        return targets

    run_protocol(system, curves, KNOBS, data_set=np.full((3, 3, 64), 0.123))
    assert np.mean(borrowed) == pytest.approx(2 / 3, abs=0.1)


def test_scores_are_blind_to_the_published_hz(rng):
    """The same centroids, right and as the released code calls them, each on the scale of its own data set."""
    asked_hz, measured_hz = rng.uniform(200, 4000, (2, 8, 1, 64))
    right = PublishedRange.of(asked_hz)
    wrong = PublishedRange.of(published_centroid_hz(asked_hz, 16000))
    scores = batch_scores(right.normalise(asked_hz), right.normalise(measured_hz))
    others = batch_scores(*(wrong.normalise(published_centroid_hz(hz, 16000)) for hz in (asked_hz, measured_hz)))
    np.testing.assert_allclose(scores, others)


def test_only_ours_holds_requests_within_the_knobs_ends(curves):
    seen = {}
    for as_published in (False, True):

        def system(targets, examples, as_published=as_published):
            seen[as_published] = max(seen.get(as_published, 0), np.abs(targets).max())
            return targets

        run_protocol(system, 2 * curves, KNOBS, FraveProtocol(as_published))
    assert seen[False] == 1 and seen[True] > 1


def test_unswapped_knobs_are_asked_for_the_notes_own_curves(curves):
    def system(targets, examples):
        np.testing.assert_array_equal(targets[:, [0, 2]], curves[examples][:, [0, 2]])
        assert not np.array_equal(targets[:, 1], curves[examples, 1])
        return targets

    run_protocol(system, curves, KNOBS, FraveProtocol(swapped=(1,)))


def test_examples_come_in_order_in_batches_and_as_often_as_asked(curves):
    asked, sizes = [], []

    def system(targets, examples):
        asked.append(targets)
        sizes.append((examples.start, len(targets)))
        return targets

    run_protocol(system, curves, KNOBS, FraveProtocol(passes=2))
    assert sizes == 2 * [(0, 8), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 2)]
    assert not np.array_equal(asked[0], asked[7])


def test_passes_are_averaged_batch_by_batch(curves):
    """Perfect in the first pass, contrary in the second: half way in every batch, with no spread."""
    calls = iter(range(14))
    result = run_protocol(
        lambda targets, examples: targets if next(calls) < 7 else -targets, curves, KNOBS, FraveProtocol(passes=2)
    )
    np.testing.assert_allclose(result.batches.score, np.full((7, 3), 0.5), atol=1e-9)


def test_a_seed_decides_figures_and_intervals(curves):
    def figures(seed):
        return run_protocol(
            lambda targets, examples: targets + curves[examples], curves, KNOBS, FraveProtocol(seed=seed)
        ).figures()

    assert figures(0) == figures(0)
    assert figures(0) != figures(1)


def test_figures_are_one_a_score_and_knob_and_one_for_all(curves):
    figures = run_protocol(lambda targets, examples: targets + curves[examples], curves, KNOBS).figures()
    assert [(figure.name, figure.knob) for figure in figures] == [(n, k) for n in NAMES for k in [*KNOBS, None]]
    for figure in figures:
        assert (figure.family, figure.register, figure.n) == (None, None, 7)
        assert figure.low < figure.value < figure.high
        assert figure.better == ("lower" if figure.name == "frave_l1" else "higher")
        assert figure.definition.endswith(".")


def test_a_batch_that_cannot_be_told_is_left_out(curves):
    def system(targets, examples):
        return np.where(examples.start == 0, np.nan, targets)

    score = run_protocol(system, curves, KNOBS).figures()[0]
    assert (score.value, score.n) == (pytest.approx(1), 6)


def test_one_batch_has_no_interval(curves):
    figure = run_protocol(lambda targets, examples: targets, curves[:8], KNOBS).figures()[0]
    assert figure.value == pytest.approx(1) and figure.n == 1
    assert math.isnan(figure.low) and math.isnan(figure.high)


def test_shapes_that_do_not_fit_are_named(curves):
    def echo(targets, examples):
        return targets

    with pytest.raises(ValueError, match=r"curves has shape \(50, 3, 64\)"):
        run_protocol(echo, curves, KNOBS[:2])
    with pytest.raises(ValueError, match="curves"):
        run_protocol(echo, curves[:0], KNOBS)
    with pytest.raises(ValueError, match="data_set has shape"):
        run_protocol(echo, curves, KNOBS, data_set=curves[:, :, :32])
    with pytest.raises(ValueError, match="sounding has shape"):
        run_protocol(echo, curves, KNOBS, sounding=np.ones((50, 3), dtype=bool))
    with pytest.raises(ValueError, match="the system measured"):
        run_protocol(lambda targets, examples: targets[:, :1], curves, KNOBS)
