"""A room decays as long as it says, as loud as it says."""

import numpy as np
import pytest
import torch

from datamodules.augmentation import Augmenter, Room
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(sample_rate=16000, n_samples=32000, hop=160)


def response(room: Room, at: int = 0, epoch: int = 0) -> np.ndarray:
    audio = torch.eye(1, FORMAT.n_samples + at)[:, : FORMAT.n_samples].roll(at, 1)
    frames = torch.ones(1, FORMAT.n_frames)
    return Augmenter([room], FORMAT)(Clip(audio, frames, frames, ["a"], {}), epoch).audio[0].double().numpy()


@pytest.mark.parametrize("decay_s", [0.1, 0.4, 1.0])
def test_reverberation_time_is_what_schroeder_measures(decay_s):
    """Line from -5 to -25 dB of the energy that is still to come (Schroeder 1965), prolonged to -60."""
    tail = response(Room(decay_s, decay_s, -6, -6, 1))[1:]
    left_db = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1] / (tail**2).sum() + 1e-12)
    line = (left_db < -5) & (left_db > -25)
    slope, _ = np.polyfit(np.flatnonzero(line) / FORMAT.sample_rate, left_db[line], 1)
    assert -60 / slope == pytest.approx(decay_s, rel=0.1)


@pytest.mark.parametrize("wet_db", [-30, -6, 6])
def test_the_sound_stays_and_the_reverberation_has_its_energy(wet_db):
    audio = response(Room(0.2, 1.0, wet_db, wet_db, 1), at=1000)
    assert np.abs(audio[:1000]).max() < 1e-5 and audio[1000] == pytest.approx(1, abs=1e-5)
    assert 10 * np.log10((audio[1001:] ** 2).sum()) == pytest.approx(wet_db, abs=0.1)


def test_what_sounds_on_after_the_end_does_not_wrap_around():
    audio = response(Room(1.0, 1.0, 0, 0, 1), at=FORMAT.n_samples - 10)
    assert np.abs(audio[: FORMAT.n_samples - 10]).max() < 1e-5


def test_no_two_rooms_are_the_same():
    a, b = (response(Room(0.5, 0.5, 0, 0, 1), epoch=epoch)[1:8000] for epoch in (0, 1))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1


def test_ranges_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="Room draws a reverberation time in s from 0 to 1"):
        Room(shortest_s=0)
    with pytest.raises(ValueError, match="Room draws a reverberation in dB from 0 to -6"):
        Room(lowest_db=0)
