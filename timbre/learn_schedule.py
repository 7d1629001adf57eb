"""How many steps, validations and tested notes fit into the time that is left."""

import math
from typing import NamedTuple

from lightning_modules.callbacks.progress_lines import spoken_s
from synths.clip import ClipFormat
from timbre.learn_pace import Pace

START_S, EXPORT_S = 6.0, 15.0
"""CPU seconds until the first step, and of all that follows on the test."""
LISTEN_S = 1.0
"""CPU seconds for sounds and pictures of a validation."""
VALIDATING_SHARE = 0.12
FEWEST_VALIDATIONS, MOST_VALIDATIONS = 4, 20
MOST_VALID_BATCHES = 8
TESTING_SHARE = 0.1
NOTE_COST, TURNED_COST = 0.5, 12.0
"""CPU seconds per second of a tested note, and of one whose knobs are all turned, at the rate below."""
OF_RATE_HZ = 16000
FEWEST_TURNED, MOST_TURNED = 2, 8
MARGIN = 1.08
"""Training may take so much longer than planned before it is ended."""
FEWEST_STEPS = 20


class Schedule(NamedTuple):
    """What is going to be done.

    Attributes:
        n_steps: of training
        validate_every: so many steps
        n_valid_batches: of each validation
        most_s: seconds after which training ends, wherever it is
        n_test_batches: of the test
        n_turned: notes whose knobs are turned in it
    """

    n_steps: int
    validate_every: int
    n_valid_batches: int
    most_s: float
    n_test_batches: int
    n_turned: int

    def said(self, pace: Pace) -> str:
        """In one line."""
        return (
            f"Training {self.n_steps} steps at {1.0 / pace.step_s:.2g} per second, validated every "
            f"{self.validate_every}: about {spoken_s(self.most_s / MARGIN)}."
        )


def schedule_for(left_s: float, pace: Pace, clip: ClipFormat) -> Schedule:
    """Share out the time.

    Args:
        left_s: for all that is left to do
        pace: of this machine
        clip: format of the run
    """
    n_test, n_turned, testing_s = _test(TESTING_SHARE * left_s, pace, clip)
    training_s = max(left_s - testing_s - pace.slowness * (START_S + EXPORT_S), 0.0)
    n_valid = min(pace.n_valid, MOST_VALID_BATCHES)
    validation_s = pace.slowness * LISTEN_S + n_valid * pace.valid_batch_s
    affordable = round(VALIDATING_SHARE * training_s / validation_s)
    n_validations = min(max(affordable, FEWEST_VALIDATIONS), MOST_VALIDATIONS)
    n_steps = max(FEWEST_STEPS, math.floor((training_s - n_validations * validation_s) / pace.step_s))
    every = max(1, n_steps // n_validations)
    # Whole validations, the last one after the last step.
    planned_s = every * n_validations * pace.step_s + n_validations * validation_s
    return Schedule(every * n_validations, every, n_valid, MARGIN * max(planned_s, training_s), n_test, n_turned)


def _test(share_s: float, pace: Pace, clip: ClipFormat) -> tuple[int, int, float]:
    """Batches, notes to turn and seconds of a test that takes about a share of the time, one batch at least."""
    each_s = pace.slowness * clip.duration_s * clip.sample_rate / OF_RATE_HZ
    note_s, turned_note_s = NOTE_COST * each_s, TURNED_COST * each_s
    n_turned = min(max(round(0.5 * share_s / turned_note_s), FEWEST_TURNED), MOST_TURNED)
    turned_s, batch_s = n_turned * turned_note_s, pace.batch_size * note_s
    n_batches = min(max(round((share_s - turned_s) / batch_s), 1), pace.n_test)
    return n_batches, n_turned, n_batches * batch_s + turned_s
