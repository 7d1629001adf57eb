"""How many steps, validations and tested notes fit into the time that is left."""

import math
from typing import NamedTuple

from lightning_modules.callbacks.progress_lines import spoken_s
from synths.clip import ClipFormat
from timbre.learn_pace import Pace

START_S, EXPORT_S = 6.0, 20.0
"""CPU seconds until the first step, and of all that follows on the test."""
LISTEN_S = 1.0
"""CPU seconds for sounds and pictures of a validation."""
VALIDATING_SHARE = 0.12
FEWEST_VALIDATIONS, MOST_VALIDATIONS = 4, 20
MOST_VALID_BATCHES = 8
TESTING_SHARE = 0.1
NOTE_COST, OPEN_COST, EXACT_COST = 0.3, 2.5, 12.0
"""CPU seconds per second of a tested note, and of one whose knobs are all turned, as the decoder plays or met as well,
at the rate below."""
OF_RATE_HZ = 16000
FEWEST_TURNED, MOST_TURNED = 2, 8
MARGIN = 1.08
"""Training may take so much longer than planned before it is ended."""
FEWEST_STEPS = 20


class BriefTest(NamedTuple):
    """What is going to be judged.

    Attributes:
        n_batches: of notes
        n_turned: notes whose knobs are turned, 0 where there is no time for two
        with_exact: whether knobs are met too, which takes most of the time
        lasts_s: about so long
    """

    n_batches: int
    n_turned: int
    with_exact: bool
    lasts_s: float


class Schedule(NamedTuple):
    """What is going to be done.

    Attributes:
        n_steps: of training
        validate_every: so many steps
        n_valid_batches: of each validation
        most_s: seconds after which training ends, wherever it is
        test: as it fits if all goes as planned
    """

    n_steps: int
    validate_every: int
    n_valid_batches: int
    most_s: float
    test: BriefTest

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
    test = brief_test(TESTING_SHARE * left_s, pace, clip)
    training_s = max(left_s - test.lasts_s - pace.slowness * (START_S + EXPORT_S), 0.0)
    n_valid = min(pace.n_valid, MOST_VALID_BATCHES)
    validation_s = pace.slowness * LISTEN_S + n_valid * pace.valid_batch_s
    affordable = round(VALIDATING_SHARE * training_s / validation_s)
    n_validations = min(max(affordable, FEWEST_VALIDATIONS), MOST_VALIDATIONS)
    n_steps = max(FEWEST_STEPS, math.floor((training_s - n_validations * validation_s) / pace.step_s))
    every = max(1, n_steps // n_validations)
    # Whole validations, the last one after the last step.
    planned_s = every * n_validations * pace.step_s + n_validations * validation_s
    return Schedule(every * n_validations, every, n_valid, MARGIN * max(planned_s, training_s), test)


def brief_test_after(left_s: float, pace: Pace, clip: ClipFormat) -> BriefTest:
    """The test that fits before what is exported, after a training that took what it took."""
    return brief_test(left_s - pace.slowness * EXPORT_S, pace, clip)


def brief_test(given_s: float, pace: Pace, clip: ClipFormat) -> BriefTest:
    """The best test that lasts no longer than is given; one batch of notes as they are, at least."""
    each_s = pace.slowness * clip.duration_s * clip.sample_rate / OF_RATE_HZ
    batch_s, n_turned, turned_s, with_exact = pace.batch_size * NOTE_COST * each_s, 0, 0.0, False
    for cost, is_exact in ((OPEN_COST, False), (EXACT_COST, True)):
        n_fitting = math.floor((given_s - batch_s) / (cost * each_s))
        if n_fitting >= FEWEST_TURNED:
            n_turned, with_exact = min(n_fitting, MOST_TURNED), is_exact
            turned_s = n_turned * cost * each_s
    n_batches = min(max(math.floor((given_s - turned_s) / batch_s), 1), pace.n_test)
    return BriefTest(n_batches, n_turned, with_exact, n_batches * batch_s + turned_s)
