"""The harmonic layer: its pitch, its gain, its sizes."""

import numpy as np
import pytest
import torch

from synths import ClipFormat, Harmonics
from synths.signal import exp_sigmoid


@pytest.fixture
def parameters_of():
    """Part, frames -> random raw parameters of one clip."""

    def build(part, n_frames):
        return {name: torch.randn(1, n_frames, size) for name, size in part.sizes.items()}

    return build


def test_peak_sits_at_the_pitch(second):
    """One harmonic at 440 Hz: the largest bin of a 1 Hz grid is bin 440, of the amplitude asked for."""
    part = Harmonics(second, n_harmonics=1)
    raw = {"harmonic_gain": torch.zeros(1, 100, 1), "harmonic_balance": torch.zeros(1, 100, 1)}
    magnitude = np.abs(np.fft.rfft(part(torch.full((1, 100), 440.0), raw)[0].numpy())) / 8000
    assert magnitude.argmax() == 440
    assert magnitude[440] == pytest.approx(exp_sigmoid(torch.tensor(0.0)).item(), rel=1e-3)


def test_spectrum_is_the_balance(second):
    """The line spectrum shows each partial in the proportion asked for."""
    part = Harmonics(second, n_harmonics=10)
    raw = {"harmonic_gain": torch.full((1, 100, 1), 1.0), "harmonic_balance": torch.randn(10).expand(1, 100, 10)}
    f0_hz = torch.full((1, 100), 300.0)
    magnitude = np.abs(np.fft.rfft(part(f0_hz, raw)[0].numpy())) / 8000
    np.testing.assert_allclose(magnitude[300:3001:300], part.amplitudes(f0_hz, raw)[0, 0], rtol=1e-3)


@pytest.mark.parametrize("f0_hz", [30.0, 440.0, 3000.0, 7900.0])
def test_gain_is_shared_among_audible_partials(f0_hz, second, parameters_of):
    """The amplitudes add up to the gain whatever the pitch, and none is spent above Nyquist."""
    part = Harmonics(second)
    raw = parameters_of(part, 100)
    amplitudes = part.amplitudes(torch.full((1, 100), f0_hz), raw)
    torch.testing.assert_close(amplitudes.sum(-1, keepdim=True), exp_sigmoid(raw["harmonic_gain"]))
    above = torch.arange(1, part.n_harmonics + 1) * f0_hz >= second.nyquist_hz
    assert not amplitudes[..., above].any() and (amplitudes[..., ~above] > 0).all()


def test_balance_of_equals_is_equal(second):
    """The same raw value for all is the same amplitude for all."""
    part = Harmonics(second, n_harmonics=8)
    raw = {"harmonic_gain": torch.zeros(1, 4, 1), "harmonic_balance": torch.full((1, 4, 8), -2.0)}
    expected = (exp_sigmoid(torch.tensor(0.0)) / 8).expand(1, 4, 8)
    torch.testing.assert_close(part.amplitudes(torch.full((1, 4), 100.0), raw), expected)


@pytest.mark.parametrize(("sample_rate", "expected"), [(16000, 100), (44100, 276), (48000, 300)])
def test_sizes_follow_the_format(sample_rate, expected):
    """As many partials as reach Nyquist from 80 Hz."""
    part = Harmonics(ClipFormat(sample_rate, 4800, 480))
    assert part.sizes == {"harmonic_gain": 1, "harmonic_balance": expected}
    assert Harmonics(ClipFormat(sample_rate, 4800, 480), n_harmonics=7).sizes["harmonic_balance"] == 7


@pytest.mark.parametrize("n_harmonics", [0, -1])
def test_no_harmonics_is_refused(n_harmonics, clip_format):
    """Nothing to sum is a mistake, not a request for the default."""
    with pytest.raises(ValueError, match="n_harmonics"):
        Harmonics(clip_format, n_harmonics=n_harmonics)


@pytest.mark.parametrize(("upsampling", "weight"), [("linear", 0.25), ("hann", 0.5 - 0.5 * 2**-0.5)])
def test_amplitudes_rise_as_asked(upsampling, weight, second):
    """A gain that starts in one frame is a line, or the rise of a Hann window, from the frame before."""
    part = Harmonics(second, n_harmonics=1, upsampling=upsampling)
    f0_hz, raw = torch.full((1, 100), 100.0), {"harmonic_balance": torch.zeros(1, 100, 1)}
    raw["harmonic_gain"] = torch.where(torch.arange(100) < 50, -100.0, 0.0).reshape(1, 100, 1)
    at_quarter, later = part(f0_hz, raw)[0, [49 * 160 + 40, 60 * 160 + 40]]
    assert (at_quarter / later).item() == pytest.approx(weight, abs=1e-4)


def test_unknown_upsampling_is_refused(clip_format):
    """A misspelt way is told the names."""
    with pytest.raises(ValueError, match="upsampling is 'cubic'; it is linear or hann"):
        Harmonics(clip_format, upsampling="cubic")


def test_backend_is_passed_on(clip_format, parameters_of):
    """The sum is the same by the backend that is asked for; one that does not exist is refused."""
    part, by_torch = Harmonics(clip_format, n_harmonics=9), Harmonics(clip_format, n_harmonics=9, backend="torch")
    f0_hz, raw = torch.full((1, 20), 200.0), parameters_of(part, 20)
    torch.testing.assert_close(part(f0_hz, raw), by_torch(f0_hz, raw), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="backend is 'cuda'"):
        Harmonics(clip_format, n_harmonics=9, backend="cuda")(f0_hz, raw)


def test_window_is_no_parameter(clip_format):
    """Nothing of the format is kept in checkpoints."""
    assert not Harmonics(clip_format, upsampling="hann").state_dict()
