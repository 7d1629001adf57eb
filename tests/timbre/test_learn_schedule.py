"""The time is shared out so that all of it fits."""

import pytest

from synths import ClipFormat
from timbre.learn_pace import Pace
from timbre.learn_schedule import EXPORT_S, LISTEN_S, MARGIN, NOTE_COST, START_S, TURNED_COST, schedule_for

CLIP = ClipFormat(16000, 20000, 160)
PACE = Pace(step_s=0.25, valid_batch_s=0.1, n_valid=4, n_test=5, batch_size=8)


def taken_s(schedule, pace, clip):
    """By the costs that are assumed."""
    n_validations = schedule.n_steps // schedule.validate_every
    training_s = schedule.n_steps * pace.step_s
    training_s += n_validations * (pace.slowness * LISTEN_S + schedule.n_valid_batches * pace.valid_batch_s)
    testing_s = schedule.n_test_batches * pace.batch_size * NOTE_COST + schedule.n_turned * TURNED_COST
    return training_s + pace.slowness * (START_S + EXPORT_S + testing_s * clip.duration_s * clip.sample_rate / 16000)


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
    assert schedule.n_steps == 20 and schedule.n_test_batches == 1 and schedule.most_s > 0


def test_no_more_is_tested_than_there_is():
    assert schedule_for(1e5, PACE, CLIP).n_test_batches == PACE.n_test


def test_a_test_costs_more_at_a_higher_rate():
    """Time is left for fewer steps."""
    fine = ClipFormat(48000, 60000, 480)
    assert schedule_for(3600.0, PACE, fine).n_turned < schedule_for(3600.0, PACE, CLIP).n_turned
