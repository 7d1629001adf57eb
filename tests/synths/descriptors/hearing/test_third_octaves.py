"""Third octaves: the gains of the filters that scipy designs, on any grid of bins."""

import numpy as np
import pytest
import torch
from scipy import signal

from synths.descriptors.hearing.third_octaves import third_octave_weights


def designed_gain(frequency_hz, centre_hz):
    """Power gain of decimation and band filter, from the coefficients of scipy's designs."""
    factor = int(np.ceil(240.0 / centre_hz))
    quality = np.pi / 6 / np.sin(np.pi / 6) / (2 ** (1 / 6) - 2 ** (-1 / 6))
    ratio = (1 + np.sqrt(1 + 4 * quality**2)) / 2 / quality
    rate_hz = 48000 / factor
    band = signal.butter(3, (centre_hz / ratio, centre_hz * ratio), "bandpass", fs=rate_hz, output="sos")
    gain = np.abs(signal.sosfreqz(band, 2 * np.pi * frequency_hz / rate_hz)[1]) ** 2
    if factor == 1:
        return gain
    decimation = signal.cheby1(8, 0.05, 0.8 / factor, output="zpk")
    return gain * np.abs(signal.freqz_zpk(*decimation, 2 * np.pi * frequency_hz / 48000)[1]) ** 4


@pytest.mark.parametrize("band", [0, 5, 9, 10, 16, 27])
def test_gains_are_those_of_the_filters(band):
    """Bins half a hertz wide: what the coefficients say at each of them."""
    weights = third_octave_weights(96000, 48000)[1:-1, band]
    frequency_hz = torch.fft.rfftfreq(96000, 1 / 48000)[1:-1].double().numpy()
    expected = designed_gain(frequency_hz, 1000.0 * 10.0 ** ((band - 16) / 10.0))
    torch.testing.assert_close(weights.double(), torch.from_numpy(expected), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("n_fft", "sample_rate"), [(1024, 16000), (1024, 22050), (2048, 44100), (2048, 48000)])
def test_wide_bins_hold_as_much_noise(n_fft, sample_rate):
    """A flat spectrum gives each band the same power on a frame's grid as on a fine one."""
    wide = third_octave_weights(n_fft, sample_rate).sum(0) * sample_rate / n_fft
    fine = third_octave_weights(32 * n_fft, sample_rate).sum(0) * sample_rate / (32 * n_fft)
    torch.testing.assert_close(wide[:25], fine[:25], rtol=0.01, atol=0.0)


def test_each_centre_passes_and_neighbours_do_not():
    """Full gain at 1 kHz, 20 dB less two bands away; nothing at 0 Hz or at Nyquist."""
    weights = third_octave_weights(48000, 48000)
    assert weights[1000, 16] == pytest.approx(1.0, abs=1e-4)
    assert weights[1000, 14] < 0.01 and weights[1000, 18] < 0.01
    assert weights[0].max() < 1e-3 and weights[-1].max() < 1e-3
