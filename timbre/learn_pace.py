"""How fast a machine trains a model on given clips: a few steps tried before anything is decided."""

import time
import warnings
from itertools import cycle, islice
from typing import NamedTuple

import torch

from lightning_modules.autoencoder import TimbreAutoencoder
from synths import Clip
from timbre.configured import Configured

N_WARM = 2
SHARE_TRIED = 0.04
"""At most so much of the time for all; the trial is for nothing but the pace."""
LONGEST_S = 15.0


class Pace(NamedTuple):
    """What training costs here.

    Attributes:
        step_s: seconds per step
        valid_batch_s: seconds per batch of a validation
        n_valid, n_test: batches there are
        batch_size: clips in a batch
        slowness: seconds that pass for one of the processor's, 1 where nothing else runs
    """

    step_s: float
    valid_batch_s: float
    n_valid: int
    n_test: int
    batch_size: int
    slowness: float = 1.0


class Trial(Configured):
    """Model and data of a configuration, without a trainer, a folder or a lock."""

    def instantiate_classes(self) -> None:
        """Build them."""
        built = self.parser.instantiate_classes(self.config)
        self.model, self.datamodule = built.model, built.data


def pace_of(trial: Trial, minutes: float) -> Pace:
    """Train for some seconds and throw the result away.

    Args:
        trial: whose data is prepared
        minutes: for everything
    """
    data, model = trial.datamodule, trial.model
    data.setup()
    torch.manual_seed(0)
    model.encoder.calibrate((clips.audio, clips.f0_hz) for clips in data.clips_for_ranges(4))
    batches = list(islice(data.train_dataloader(), 4))
    optimizer = torch.optim.Adam(model.parameters())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nobody logs what a step says
        for batch in batches[:N_WARM]:
            _step(model, optimizer, batch)
        begun_s, begun_cpu_s, n_steps = time.monotonic(), time.process_time(), 0
        longest_s = min(LONGEST_S, SHARE_TRIED * 60.0 * minutes)
        for batch in cycle(batches):
            _step(model, optimizer, batch)
            n_steps += 1
            if time.monotonic() - begun_s >= longest_s:
                break
        tried_s, tried_cpu_s = time.monotonic() - begun_s, time.process_time() - begun_cpu_s
        begun_s = time.monotonic()
        with torch.no_grad():
            model.validation_step(next(iter(data.val_dataloader())), 0)
        valid_batch_s = time.monotonic() - begun_s
    n_valid, n_test = len(data.val_dataloader()), len(data.test_dataloader())
    # Where one step has several threads, less time passes than they spend together.
    slowness = max(1.0, tried_s / max(tried_cpu_s, 1e-3))
    return Pace(tried_s / n_steps, valid_batch_s, n_valid, n_test, data.batch_size, slowness)


def _step(model: TimbreAutoencoder, optimizer: torch.optim.Optimizer, clips: Clip) -> None:
    optimizer.zero_grad()
    model.training_step(clips, 0).backward()
    optimizer.step()
