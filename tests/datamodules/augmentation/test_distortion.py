"""Distortion makes the partials it should, and keeps the level."""

import numpy as np
import pytest
import torch

from datamodules.augmentation import Augmenter, SoftDistortion
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


def sine(f0_hz: float) -> torch.Tensor:
    return 0.1 * torch.sin(2 * torch.pi * f0_hz * torch.arange(FORMAT.n_samples) / FORMAT.sample_rate)


def distorted(audio: torch.Tensor, augmentation: SoftDistortion, epoch: int = 0) -> np.ndarray:
    frames = torch.full((1, FORMAT.n_frames), 200.0)
    return Augmenter([augmentation], FORMAT)(Clip(audio[None], frames, frames, ["a"], {}), epoch).audio[0].numpy()


def level_db(audio: np.ndarray) -> np.ndarray:
    """Spectrum by 1 Hz, against its loudest."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    return 20 * np.log10(spectrum / spectrum.max() + 1e-9)


def test_odd_partials_come_with_drive():
    thirds = [level_db(distorted(sine(200), SoftDistortion(drive, drive, 0, 1)))[600] for drive in (-12, 0, 12)]
    assert thirds[0] < -30 and thirds == sorted(thirds) and thirds[2] > -14
    assert level_db(distorted(sine(200), SoftDistortion(6, 6, 0, 1)))[400] < -80


def test_a_square_wave_is_the_end_of_it():
    partials = level_db(distorted(sine(200), SoftDistortion(40, 40, 0, 1)))[[200, 600, 1000, 1400]]
    assert partials == pytest.approx(-20 * np.log10([1, 3, 5, 7]), abs=0.3)


def test_even_partials_come_with_the_bias():
    seconds = [level_db(distorted(sine(200), SoftDistortion(0, 0, 1, 1), epoch))[400] for epoch in range(5)]
    assert max(seconds) > -25


def test_the_rms_stays():
    for drive_db in (-12, 0, 20):
        audio = distorted(sine(200), SoftDistortion(drive_db, drive_db, 1, 1))
        assert np.sqrt(np.mean(audio**2)) == pytest.approx(0.1 / np.sqrt(2), rel=1e-3)


def test_level_does_not_change_what_happens():
    soft = SoftDistortion(6, 6, 0.5, 1)
    assert distorted(sine(200) / 50, soft) * 50 == pytest.approx(distorted(sine(200), soft), abs=1e-5)


def test_a_gap_stays_silent_and_no_offset_is_left():
    audio = sine(200)
    audio[4000:] = 0
    after = distorted(audio, SoftDistortion(6, 6, 1, 1), epoch=1)
    assert np.abs(after[8000:]).max() < 1e-4 and abs(after.mean()) < 1e-4


def test_little_of_what_lies_beyond_nyquist_folds_down():
    spectrum = level_db(distorted(sine(3000), SoftDistortion(6, 6, 0, 1)))
    assert spectrum[7000] < -60  # the third partial, 9 kHz, at the single rate
    assert spectrum[:2900].max() < -40


def test_ranges_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="SoftDistortion draws a drive in dB from 3 to 0"):
        SoftDistortion(3, 0)
    with pytest.raises(ValueError, match="SoftDistortion draws a bias from 0 to 2"):
        SoftDistortion(highest_bias=2)
