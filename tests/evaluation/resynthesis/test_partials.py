"""Partials that are so many dB off are said to be so many dB off; what is not heard does not count."""

import math

import pytest
import torch

from evaluation.resynthesis import HarmonicError

F0_HZ = 220.0


@pytest.fixture
def note(clip):
    """Levels of partials in dB, level of white noise -> (1, N), faded in and out."""

    def build(*levels_db, noise=0.0, f0_hz=F0_HZ):
        time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
        partials = [
            0.2 * 10 ** (level_db / 20) * torch.sin(2 * math.pi * f0_hz * (k + 1) * time_s)
            for k, level_db in enumerate(levels_db)
        ]
        white = torch.randn(clip.n_samples, generator=torch.Generator().manual_seed(0))
        # Notes begin and end: what is cut off is a click, and drowns weak partials.
        fade = (20 * torch.minimum(time_s, 1 - time_s)).clamp(0, 1).square()
        return (fade.float() * (sum(partials).float() + noise * white))[None]

    return build


@pytest.fixture
def error(clip, pair_of):
    """Target and output -> dB."""
    return lambda target, output, f0_hz=F0_HZ: HarmonicError(clip)(pair_of(target, output, f0_hz, f0_hz)).item()


def test_a_note_is_no_error_of_itself_and_half_of_it_6_db(note, error):
    own = note(0.0, -10.0, -20.0, -30.0)
    assert error(own, own) == 0.0
    assert error(own, own / 2) == pytest.approx(6.02, abs=0.01)


def test_one_partial_of_four_counts_a_quarter(note, error):
    """As far too loud as too soft; a phase is nothing."""
    own = note(0.0, -10.0, -20.0, -30.0)
    for change_db in (-8.0, 8.0):
        assert error(own, note(0.0, -10.0, -20.0 + change_db, -30.0)) == pytest.approx(2.0, abs=0.1)
    assert error(own, -own) == 0.0


def test_partials_more_than_40_db_down_do_not_count(note, error):
    assert error(note(0.0, -38.0), note(0.0, -44.0)) == pytest.approx(3.0, abs=0.2)
    assert error(note(0.0, -42.0), note(0.0, -60.0)) == pytest.approx(0.0, abs=0.05)


def test_a_missing_partial_is_60_db_below_the_strongest(note, error, clip):
    assert error(note(0.0, -20.0), note(0.0)) == pytest.approx(20.0, abs=0.3)
    assert error(note(0.0, -20.0), torch.zeros(1, clip.n_samples)) == pytest.approx(50.0, abs=0.1)


def test_noise_between_the_partials_is_not_theirs(note, error):
    """As loud as the third partial, spread over all bins."""
    assert error(note(0.0, -10.0, -20.0), note(0.0, -10.0, -20.0, noise=0.02)) < 0.5


@pytest.mark.parametrize("f0_hz", [60.0, 100.0, 700.0])
def test_low_and_high_notes_are_read_as_well(note, error, f0_hz):
    low, other = note(0.0, -10.0, -20.0, f0_hz=f0_hz), note(0.0, -16.0, -20.0, f0_hz=f0_hz)
    assert error(low, other, f0_hz) == pytest.approx(2.0, abs=0.15)


def test_without_a_sure_pitch_or_a_sound_there_is_no_value(note, clip, pair_of):
    pair = pair_of(note(0.0, -10.0), note(0.0, -20.0), F0_HZ)
    unsure = pair._replace(target_confidence=0.4 * torch.ones(1, clip.n_frames))
    assert HarmonicError(clip)(unsure).isnan().all()
    assert HarmonicError(clip)(pair._replace(target=torch.zeros(1, clip.n_samples))).isnan().all()
    half = pair.target_confidence.clone()
    half[:, ::2] = 0.0
    told = torch.where(half > 0.5, pair.target_f0_hz, 1.0)
    some = HarmonicError(clip)(pair._replace(target_confidence=half, target_f0_hz=told))
    assert some.item() == pytest.approx(5.0, abs=0.1)
