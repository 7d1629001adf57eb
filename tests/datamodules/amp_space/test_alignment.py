"""Known lags are found through distortion, inversion, filters, noise and what sounds before."""

import numpy as np
import pytest
from scipy.signal import butter, fftconvolve, lfilter

from datamodules.amp_space.alignment import find_lag
from tests.datamodules.amp_space.layout_writer import RATE, late, plucked

RNG = np.random.default_rng(0)
LAGS = [*RNG.integers(-4000, 0, 1).tolist(), *RNG.integers(0, 26000, 1).tolist()]
ROOM = np.concatenate([[1], 0.08 * RNG.standard_normal(30000) * np.exp(-np.arange(30000) / 8000)])
DEVICES = {
    "nothing": lambda sound: sound,
    "saturation": lambda sound: np.tanh(100 * sound),
    "uneven clipping": lambda sound: np.clip(30 * sound, -0.3, 0.9),
    "rectifier": lambda sound: np.abs(sound),
    "tremolo": lambda sound: sound * (1 + 0.9 * np.sin(30 * np.arange(len(sound)) / RATE)),
    "compressor": lambda sound: sound / (1e-3 + lfilter([0.01], [1, -0.99], np.abs(sound))),
    "room": lambda sound: fftconvolve(sound, ROOM)[: len(sound)],
}
FILTERS = {
    "dull": butter(2, 800, fs=RATE),
    "thin": butter(2, 2000, "high", fs=RATE),
    "cabinet": butter(2, [100, 4500], "band", fs=RATE),
}


def recorded(sound, lag, snr_db, before=0):
    output = late(sound, lag, len(sound) + RATE // 2)
    output[:before] += sound[-before:] if before else 0
    return output + np.sqrt((output**2).mean()) * 10 ** (-snr_db / 20) * RNG.standard_normal(len(output))


@pytest.fixture(scope="module")
def melody():
    return plucked(82.4 * 2 ** (RNG.integers(0, 30, 8) / 12), 0.4)


@pytest.mark.parametrize("snr_db", [60, 10])
@pytest.mark.parametrize("device", DEVICES)
def test_the_lag_of_what_keeps_time_is_exact_whatever_the_sign(melody, device, snr_db):
    for lag, sign in zip(LAGS, (1, -1), strict=True):
        output = recorded(sign * DEVICES[device](melody), lag, snr_db)
        found = find_lag(melody, output, RATE)
        assert found.samples == lag and found.is_sure


@pytest.mark.parametrize("device", FILTERS)
def test_the_delay_of_a_filter_is_part_of_the_lag(melody, device):
    for lag in LAGS:
        found = find_lag(melody, recorded(lfilter(*FILTERS[device], np.tanh(20 * melody)), lag, 30), RATE)
        assert abs(found.samples - lag) <= 8 and found.is_sure


def test_the_same_note_again_and_again_has_one_lag():
    notes = np.tile(plucked([110.0], 0.25), 16)
    assert find_lag(notes, recorded(np.tanh(30 * notes), 9000, 40), RATE).samples == 9000


def test_the_end_of_what_sounded_before_does_not_mislead(melody):
    assert find_lag(melody, recorded(np.tanh(30 * melody), 4410, 60, before=4000), RATE).samples == 4410


def test_sounds_that_do_not_belong_together_are_not_sure(melody):
    strangers = [plucked(82.4 * 2 ** (RNG.integers(0, 30, 8) / 12), seed=seed) for seed in range(1, 11)]
    sure = [find_lag(melody, recorded(stranger, 1000, 40), RATE).is_sure for stranger in strangers]
    assert sum(sure) <= 1
    assert not find_lag(melody, RNG.standard_normal(len(melody)), RATE).is_sure
    assert not find_lag(melody, np.zeros(RATE), RATE).is_sure


def test_short_sounds_and_lags_beyond_them(melody):
    note = melody[: RATE // 4]
    assert find_lag(note, late(note, 300, len(note)), RATE, longest_s=2.0).samples == 300
    assert not find_lag(melody, recorded(melody, 20000, 60), RATE, longest_s=0.1).is_sure
