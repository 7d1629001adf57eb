"""A gain in dB."""

import pytest
import torch

from datamodules.augmentation import Augmenter, Level
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(16000, 1600, 160)


def test_gains_fill_their_range_and_clip_nothing():
    audio = torch.ones(200, FORMAT.n_samples)
    frames = torch.ones(200, FORMAT.n_frames)
    sound = Clip(audio, frames, frames, [str(row) for row in range(200)], {})
    gain_db = 20 * Augmenter([Level(-12, 6, 1)], FORMAT)(sound, 0).audio.log10()
    assert (gain_db.std(1) < 1e-4).all()
    assert -12 <= gain_db.min() < -11 and 5 < gain_db.max() <= 6.0001


def test_ranges_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="Level draws a gain in dB from 0 to -6"):
        Level(0, -6)
