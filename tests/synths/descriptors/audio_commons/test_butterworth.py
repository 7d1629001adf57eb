"""The steep filters of the AudioCommons models."""

import pytest
import torch

from synths.descriptors.audio_commons.butterworth import steep_impulse, steep_power


@pytest.mark.parametrize(("kind", "cutoff_hz"), [("highpass", 20.0), ("highpass", 2000.0), ("lowpass", 500.0)])
def test_impulse_and_power_are_one_filter(kind, cutoff_hz):
    """The spectrum of the impulse response is the power response, an eighth at the cutoff."""
    impulse = steep_impulse(kind, cutoff_hz, 44100)
    frequency_hz = torch.fft.rfftfreq(len(impulse), 1 / 44100, dtype=torch.float64)
    power = steep_power(kind, cutoff_hz, 44100, frequency_hz)
    torch.testing.assert_close(torch.fft.rfft(impulse).abs().square(), power, atol=1e-6, rtol=0.0)
    assert steep_power(kind, cutoff_hz, 44100, torch.tensor([cutoff_hz])).item() == pytest.approx(0.125)
