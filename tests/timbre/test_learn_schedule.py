"""The time is shared out so that all of it fits."""

import pytest

from synths import ClipFormat
from timbre.learn_pace import Pace
from timbre.learn_schedule import (
    EXACT_COST,
    EXPORT_S,
    LISTEN_S,
    MARGIN,
    NOTE_COST,
    OPEN_COST,
    START_S,
    brief_test,
    brief_test_after,
    schedule_for,
)

CLIP = ClipFormat(16000, 20000, 160)
PACE = Pace(step_s=0.25, valid_batch_s=0.1, n_valid=4, n_test=5, batch_size=8)


def taken_s(schedule, pace, clip):
    """By the costs that are assumed."""
    n_validations = schedule.n_steps // schedule.validate_every
    training_s = schedule.n_steps * pace.step_s
    training_s += n_validations * (pace.slowness * LISTEN_S + schedule.n_valid_batches * pace.valid_batch_s)
    return training_s + pace.slowness * (START_S + EXPORT_S) + cost_of(schedule.test, pace, clip)


def cost_of(test, pace, clip):
    """The same of the test alone."""
    turned = test.n_turned * (EXACT_COST if test.with_exact else OPEN_COST)
    each_s = pace.slowness * clip.duration_s * clip.sample_rate / 16000
    return (test.n_batches * pace.batch_size * NOTE_COST + turned) * each_s


@pytest.mark.parametrize("left_s", [180.0, 600.0, 3600.0])
@pytest.mark.parametrize("slowness", [1.0, 2.0])
def test_it_fits(left_s, slowness):
    pace = PACE._replace(slowness=slowness)
    schedule = schedule_for(left_s, pace, CLIP)
    assert 0.9 * left_s <= taken_s(schedule, pace, CLIP) <= left_s
    assert schedule.most_s < MARGIN * left_s


def test_validations_are_whole_and_neither_few_nor_many():
    for left_s in (60.0, 300.0, 1e5):
        schedule = schedule_for(left_s, PACE, CLIP)
        assert schedule.n_steps % schedule.validate_every == 0
        assert 4 <= schedule.n_steps // schedule.validate_every <= 20


def test_with_no_time_left_a_little_is_trained():
    schedule = schedule_for(-5.0, PACE, CLIP)
    assert schedule.n_steps == 20 and schedule.most_s > 0
    assert schedule.test[:3] == (1, 0, False)


def test_no_more_is_tested_than_there_is():
    assert schedule_for(1e5, PACE, CLIP).test[:3] == (PACE.n_test, 8, True)


def test_a_test_costs_more_at_a_higher_rate():
    """Time is left for fewer steps."""
    fine = ClipFormat(48000, 60000, 480)
    assert schedule_for(1200.0, PACE, fine).test.n_turned < schedule_for(1200.0, PACE, CLIP).test.n_turned


@pytest.mark.parametrize(
    ("given_s", "how"),
    [(8.0, (0, False)), (12.0, (2, False)), (30.0, (8, False)), (36.0, (2, True)), (400.0, (8, True))],
)
def test_a_short_time_turns_no_knob_a_longer_one_as_the_decoder_plays_the_next_meets_them(given_s, how):
    """A batch takes 3 s, a note with turned knobs 3.1 s, and 15 s where they are met."""
    test = brief_test(given_s, PACE, CLIP)
    assert (test.n_turned, test.with_exact) == how
    assert test.lasts_s == pytest.approx(cost_of(test, PACE, CLIP)) and test.lasts_s <= given_s


def test_what_is_exported_after_the_test_has_its_time():
    slow = PACE._replace(slowness=3.0)
    assert brief_test_after(3.0 * EXPORT_S + 300.0, slow, CLIP) == brief_test(300.0, slow, CLIP)
