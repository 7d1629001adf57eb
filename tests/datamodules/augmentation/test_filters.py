"""Filters do to a spectrum what they say, causally and at constant level."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from datamodules.augmentation import Augmenter, HighPass, HighShelf, LowPass, LowShelf, SpectralTilt
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
AT = 2000


def clip_of(audio: np.ndarray, f0_hz: float = 220.0) -> Clip:
    frames = torch.full((1, FORMAT.n_frames), f0_hz)
    return Clip(torch.from_numpy(audio).float()[None], frames, torch.ones_like(frames), ["a"], {})


def impulse() -> np.ndarray:
    return np.eye(1, FORMAT.n_samples, AT)[0]


def gain_db(augmentation) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies 0 to 8000 Hz by 1 Hz, and the gain there but for a constant."""
    response = Augmenter([augmentation], FORMAT)(clip_of(impulse()), 0).audio[0].numpy()
    return np.arange(8001), 20 * np.log10(np.abs(np.fft.rfft(response)) + 1e-9)


@pytest.mark.parametrize("tilt_db", [-12, -6, -3, 3, 6, 12])
def test_a_tilt_is_a_straight_line_over_octaves(tilt_db):
    frequency_hz, gain = gain_db(SpectralTilt(tilt_db, tilt_db, 1))
    octaves = np.log2(frequency_hz[150:6001] / 1000)
    slope, _ = np.polyfit(octaves, gain[150:6001], 1)
    assert slope == pytest.approx(tilt_db, rel=0.01)
    straight = gain[150:6001] - gain[1000] - tilt_db * octaves
    assert np.abs(straight).max() < 0.05 * abs(tilt_db)


@pytest.mark.parametrize("shelf_db", [-12, 5, 12])
def test_shelves_have_their_gain_at_one_end_and_half_of_it_at_the_corner(shelf_db):
    _, low = gain_db(LowShelf(shelf_db, shelf_db, 400, 400, 1))
    assert low[0] - low[8000] == pytest.approx(shelf_db, abs=0.05)
    assert low[400] - low[8000] == pytest.approx(shelf_db / 2, abs=0.05)
    _, high = gain_db(HighShelf(shelf_db, shelf_db, 3000, 3000, 1))
    assert high[8000] - high[0] == pytest.approx(shelf_db, abs=0.05)
    assert high[3000] - high[0] == pytest.approx(shelf_db / 2, abs=0.05)


@pytest.mark.parametrize(
    "kind, band, corner_hz", [(LowPass, "low", 1000), (LowPass, "low", 6500), (HighPass, "high", 200)]
)
def test_band_limits_are_butterworth_filters(kind, band, corner_hz):
    noise = 0.1 * np.random.default_rng(0).standard_normal(FORMAT.n_samples)
    ours = Augmenter([kind(corner_hz, corner_hz, 1)], FORMAT)(clip_of(noise), 0).audio[0].double().numpy()
    theirs = sosfilt(butter(4, corner_hz, band, fs=FORMAT.sample_rate, output="sos"), noise)
    theirs *= np.sqrt(np.mean(noise**2) / np.mean(theirs**2))
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()


@pytest.mark.parametrize("kind", [SpectralTilt, LowShelf, HighShelf, LowPass, HighPass])
def test_filters_keep_the_rms_and_sound_nothing_beforehand(kind):
    burst = impulse()
    burst[AT : AT + 8000] = 0.1 * np.random.default_rng(0).standard_normal(8000)
    for epoch in range(5):
        audio = Augmenter([kind(chance=1)], FORMAT)(clip_of(burst), epoch).audio[0].numpy()
        assert np.mean(audio**2) == pytest.approx(np.mean(burst**2), rel=1e-4)
        assert np.abs(audio[: AT - 1]).max() < 1e-4 * np.abs(audio).max()


def test_what_sounds_at_the_end_does_not_wrap_around_to_the_onset():
    end = np.eye(1, FORMAT.n_samples, FORMAT.n_samples - 1)[0]
    for kind in (SpectralTilt, LowShelf, HighPass):
        audio = Augmenter([kind(chance=1)], FORMAT)(clip_of(end), 0).audio[0]
        assert audio[:-2].abs().max() < 1e-3 * audio.abs().max()


def test_a_low_pass_keeps_the_fundamental():
    time_s = np.arange(FORMAT.n_samples) / FORMAT.sample_rate
    tone = 0.2 * np.sin(2 * np.pi * 2000 * time_s) + 0.2 * np.sin(2 * np.pi * 4000 * time_s)
    audio = Augmenter([LowPass(500, 2000, 1)], FORMAT)(clip_of(tone, 2000.0), 0).audio[0].numpy()
    spectrum = np.abs(np.fft.rfft(audio))
    assert 20 * np.log10(spectrum[4000] / spectrum[2000]) > -28


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: SpectralTilt(3, -3), "SpectralTilt draws a tilt in dB per octave from 3 to -3"),
        (lambda: SpectralTilt(-30, 3), "from -24 to 24"),
        (lambda: LowShelf(0, 50), "LowShelf draws a gain in dB from 0 to 50"),
        (lambda: HighShelf(lowest_hz=10), "HighShelf draws a corner in Hz from 10 to 5000"),
        (lambda: HighPass(300, 200), "HighPass draws a corner in Hz"),
        (lambda: LowPass(float("nan"), 200), "LowPass draws a corner in Hz"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
