"""Noise has the level and the colour that it was given."""

import numpy as np
import pytest
import torch
from scipy.signal import welch

from datamodules.augmentation import AddedNoise, Augmenter
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(sample_rate=16000, n_samples=64000, hop=160)


def added(augmentation: AddedNoise) -> tuple[np.ndarray, np.ndarray]:
    """(2, N) tones, and the noise added to them."""
    phase = 2 * torch.pi * 220 * torch.arange(FORMAT.n_samples) / FORMAT.sample_rate
    audio = torch.stack([0.3 * phase.sin(), 0.01 * phase.sin()])
    frames = torch.ones(2, FORMAT.n_frames)
    after = Augmenter([augmentation], FORMAT)(Clip(audio, frames, frames, ["a", "b"], {}), 0)
    return audio.double().numpy(), (after.audio - audio).double().numpy()


@pytest.mark.parametrize("snr_db", [-10, 0, 20, 40])
@pytest.mark.parametrize("steady", [True, False])
def test_the_signal_to_noise_ratio_is_measured(snr_db, steady):
    tone, noise = added(AddedNoise(snr_db, snr_db, -6, 0, steady, 1))
    assert 10 * np.log10((tone**2).sum(1) / (noise**2).sum(1)) == pytest.approx(snr_db, abs=0.05)


@pytest.mark.parametrize("tilt_db", [-6, -3, 0, 3])
def test_the_colour_is_a_slope_over_octaves(tilt_db):
    _, noise = added(AddedNoise(0, 0, tilt_db, tilt_db, chance=1))
    frequency_hz, power = welch(noise[0], FORMAT.sample_rate, nperseg=1024)
    heard = (frequency_hz > 100) & (frequency_hz < 6000)
    slope, _ = np.polyfit(np.log2(frequency_hz[heard]), 10 * np.log10(power[heard]), 1)
    assert slope == pytest.approx(tilt_db, abs=0.3)


def test_noise_follows_the_sound_unless_it_is_steady():
    parts = torch.tensor([0.3, 0.03, 0.0, 0.1]).repeat_interleave(16000)
    audio = (parts * torch.sin(2 * torch.pi * 220 * torch.arange(64000) / 16000))[None]
    frames = torch.ones(1, FORMAT.n_frames)
    levels_db = []
    for steady in (False, True):
        change = AddedNoise(20, 20, 0, 0, steady, 1)
        after = Augmenter([change], FORMAT)(Clip(audio, frames, frames, ["a"], {}), 0).audio
        rms = (after - audio).reshape(4, 16000)[:, 1000:-1000].double().square().mean(1).sqrt()
        levels_db.append((20 * (rms / rms[0]).log10()).tolist())
    assert levels_db[0] == pytest.approx([0, -20, float("-inf"), -9.54], abs=0.3)
    assert levels_db[1] == pytest.approx([0, 0, 0, 0], abs=0.3)


def test_no_clip_has_the_noise_of_another():
    _, noise = added(AddedNoise(0, 0, 0, 0, chance=1))
    assert abs(np.corrcoef(noise)[0, 1]) < 0.03


def test_ranges_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="AddedNoise draws a signal-to-noise ratio in dB from 50 to 10"):
        AddedNoise(50, 10)
    with pytest.raises(ValueError, match="AddedNoise draws a tilt"):
        AddedNoise(lowest_tilt_db=-20)
