"""The curves are those of the released code, and the scales are told apart by what they do to numbers."""

import librosa
import numpy as np
import pytest

from evaluation.control.target_curves import (
    PublishedRange,
    curves_of,
    draw_targets,
    positions_of,
    published_centroid_hz,
    resample_frames,
    target_pool,
)

N_FRAMES = 64


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def pair(rng):
    return rng.uniform(-1, 1, (2, N_FRAMES))


def frequency_and_misfit(curve):
    """The whole frequency whose sine and cosine fit a curve best, and what they leave of it."""
    time = np.linspace(-1, 1, len(curve))
    misfits = []
    for frequency in range(1, 30):
        basis = np.stack([np.sin(frequency * time), np.cos(frequency * time)], axis=1)
        misfits.append(np.abs(basis @ np.linalg.lstsq(basis, curve, rcond=None)[0] - curve).max())
    return int(np.argmin(misfits)) + 1, min(misfits)


def test_the_pool_has_75_curves_of_which_the_simple_ones_come_first(pair, rng):
    pool = target_pool(pair, rng)
    rise = np.linspace(-1, 1, N_FRAMES)
    assert pool.shape == (75, N_FRAMES)
    np.testing.assert_allclose(pool[:5], [0 * rise, 0 * rise + 1, 0 * rise - 1, rise, rise[::-1]], atol=1e-15)


def test_ten_are_sinusoids_of_whole_frequencies_and_full_height(pair, rng):
    sinusoids = np.concatenate([target_pool(pair, rng)[5:15] for _ in range(30)])
    fits = [frequency_and_misfit(curve) for curve in sinusoids]
    assert max(misfit for _, misfit in fits) < 1e-9
    assert {frequency for frequency, _ in fits} == set(range(1, 30))
    assert np.abs(sinusoids).max() <= 1


def test_ten_lead_in_equal_steps_from_a_simple_curve_to_a_sinusoid(pair, rng):
    pools = [target_pool(pair, rng) for _ in range(60)]
    starts = [[np.allclose(pool[15], simple) for simple in pool[:5]] for pool in pools]
    ends = [[np.allclose(pool[24], sinusoid) for sinusoid in pool[5:15]] for pool in pools]
    for chosen in (starts, ends):  # exactly one a pool, and each of them in some
        assert np.all(np.sum(chosen, axis=1) == 1) and np.all(np.any(chosen, axis=0))
    blends = pools[0][15:25]
    np.testing.assert_allclose(np.diff(blends, axis=0), np.tile((blends[-1] - blends[0]) / 9, (9, 1)), atol=1e-12)


def test_fifty_lead_in_equal_steps_from_one_item_to_the_other(pair, rng):
    morphs = target_pool(pair, rng)[25:]
    np.testing.assert_allclose(morphs[[0, -1]], pair)
    np.testing.assert_allclose(morphs[7], pair[0] + 7 / 49 * (pair[1] - pair[0]))


def test_a_pool_has_as_many_frames_as_the_items(rng):
    assert target_pool(np.zeros((2, 100)), rng).shape == (75, 100)


def test_each_example_draws_any_curve_and_each_descriptor_from_its_own_pool(rng):
    """Items of the value of their descriptor: morphs betray whose pool a curve came from."""
    curves = np.broadcast_to(np.array([0.25, 0.5])[:, None], (5, 2, N_FRAMES))
    targets = draw_targets(curves, np.zeros((6000, 2, N_FRAMES)), rng)
    for descriptor, level in enumerate((0.25, 0.5)):
        column = targets[:, descriptor]
        assert np.mean(np.all(column == level, axis=1)) == pytest.approx(50 / 75, abs=0.02)
        assert np.mean(np.all(column == -1, axis=1)) == pytest.approx(1 / 75, abs=0.006)
        assert not np.any(np.all(column == 0.75 - level, axis=1))
        assert len(np.unique(column, axis=0)) <= 26
    sinusoids = [{curve.tobytes() for curve in targets[:, descriptor] if np.ptp(curve) > 0} for descriptor in (0, 1)]
    assert len(sinusoids[0] & sinusoids[1]) <= 2  # the ramps


def test_what_is_not_swapped_keeps_the_examples_own_curves(rng):
    curves, own = rng.uniform(-1, 1, (20, 3, N_FRAMES)), rng.uniform(-1, 1, (8, 3, N_FRAMES))
    before = own.copy()
    targets = draw_targets(curves, own, rng, swapped=[1])
    np.testing.assert_array_equal(targets[:, [0, 2]], own[:, [0, 2]])
    assert not np.any(np.all(targets[:, 1] == own[:, 1], axis=-1))
    np.testing.assert_array_equal(own, before)


def test_a_seed_decides_the_targets(pair):
    curves = np.broadcast_to(pair[:, None], (2, 3, N_FRAMES))
    first, same, other = (draw_targets(curves, curves, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_published_scale_spans_the_whole_data_set(rng):
    values = rng.normal(1000, 200, (30, 2, N_FRAMES)) * [[1], [1e-3]]
    scale = PublishedRange.of(values)
    curves = scale.normalise(values)
    np.testing.assert_allclose(curves.min(axis=(0, 2)), -1)
    np.testing.assert_allclose(curves.max(axis=(0, 2)), 1)
    np.testing.assert_allclose(scale.restore(curves), values)
    middle = (scale.low + scale.high) / 2
    np.testing.assert_allclose(scale.normalise(np.tile(middle[:, None], 4)), 0, atol=1e-9)


def test_a_descriptor_without_range_is_named():
    with pytest.raises(ValueError, match=r"\[1\] have no range"):
        PublishedRange.of(np.stack([np.arange(6.0).reshape(2, 3), np.ones((2, 3))], axis=1))


def test_our_scale_is_the_knobs_own():
    np.testing.assert_allclose(curves_of(np.array([0, 0.25, 0.5, 1, 1.2])), [-1, -0.5, 0, 1, 1.4])
    np.testing.assert_allclose(positions_of(np.array([-1, -0.5, 0, 1])), [0, 0.25, 0.5, 1])


def test_the_published_hz_differ_but_the_curves_do_not(rng):
    centroid_hz = rng.uniform(200, 4000, (10, 1, N_FRAMES))
    published_hz = published_centroid_hz(centroid_hz, sample_rate=16000)
    np.testing.assert_allclose(published_hz, 1.378125 * centroid_hz)
    ours, theirs = (PublishedRange.of(hz).normalise(hz) for hz in (centroid_hz, published_hz))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_librosa_without_a_sample_rate_gives_the_published_hz():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    true_hz = librosa.feature.spectral_centroid(y=tone, sr=16000)
    unaware_hz = librosa.feature.spectral_centroid(S=np.abs(librosa.stft(tone)))
    np.testing.assert_allclose(published_centroid_hz(true_hz, 16000), unaware_hz)


@pytest.mark.parametrize("n_frames", [16, 64, 400])
def test_straight_lines_stay_straight(n_frames):
    lines = np.stack([np.linspace(-1, 1, 129), np.linspace(3, 2, 129)])
    expected = np.stack([np.linspace(-1, 1, n_frames), np.linspace(3, 2, n_frames)])
    np.testing.assert_allclose(resample_frames(lines, n_frames), expected)


def test_a_series_of_one_frame_becomes_a_constant():
    np.testing.assert_array_equal(resample_frames(np.full((2, 1), 0.3), 5), np.full((2, 5), 0.3))


def test_as_published_a_fast_wobble_is_filtered_and_linear_aliases():
    wobble = np.sin(2 * np.pi * 0.45 * np.arange(400))
    assert np.abs(resample_frames(wobble, 64, as_published=True)[8:-8]).max() < 0.01
    assert np.abs(resample_frames(wobble, 64)).max() > 0.5
    assert resample_frames(np.ones((3, 2, 129)), 64, as_published=True).shape == (3, 2, 64)
