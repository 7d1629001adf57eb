"""The window follows the pitch: what is told apart at 880 Hz is told apart at 27.5 Hz."""

import math

import pytest
import torch

from synths import ClipFormat, FundamentalShare, Noisiness, OddEvenBalance
from synths.descriptors.harmonic_lines import harmonic_lines
from synths.descriptors.line_spectra import LineSpectra, nuttall
from synths.spectrum import Spectrum

CLIP = ClipFormat(16000, 24000, 160)
PITCHES_HZ = (27.5, 41.2, 54.0, 56.0, 65.4, 82.4, 92.5, 109.0, 111.0, 155.6, 218.0, 220.0, 440.0, 880.0)


def tone(f0_hz, clip=CLIP, amplitudes=None):
    """(1, N) harmonics up to Nyquist falling by 6 dB an octave, or of given amplitudes."""
    number = torch.arange(1, int(0.97 * clip.nyquist_hz / f0_hz) + 1, dtype=torch.float64)
    amplitudes = 0.1 / number if amplitudes is None else torch.tensor(amplitudes, dtype=torch.float64)
    time_s = torch.arange(clip.n_samples, dtype=torch.float64) / clip.sample_rate
    phases = torch.outer(2 * math.pi * f0_hz * number[: len(amplitudes)], time_s) + number[: len(amplitudes), None] ** 2
    return (amplitudes @ phases.sin()).float()[None]


def pitch_of(audio, f0_hz, clip=CLIP):
    return torch.full((len(audio), clip.n_frames), f0_hz)


def inner(values):
    return values[:, 30:-30]


@pytest.mark.parametrize("f0_hz", PITCHES_HZ)
def test_harmonics_alone_are_no_noise(f0_hz):
    """Below -45 dB at any pitch, where one window of 64 ms said -20 dB of 65 Hz; the floor is -50 dB."""
    audio = tone(f0_hz)
    assert inner(Noisiness(CLIP).measure(audio, pitch_of(audio, f0_hz))).max() < -45.0


@pytest.mark.parametrize("f0_hz", [30.9, 65.4, 220.0])
@pytest.mark.parametrize(("sample_rate", "hop"), [(44100, 441), (48000, 480)])
def test_at_any_rate(f0_hz, sample_rate, hop):
    clip = ClipFormat(sample_rate, 100 * hop, hop)
    audio = tone(f0_hz, clip)
    assert inner(Noisiness(clip).measure(audio, pitch_of(audio, f0_hz, clip))).max() < -45.0


@pytest.mark.parametrize("ratio_db", [-30.0, -20.0, -10.0])
@pytest.mark.parametrize("f0_hz", [41.2, 65.4, 110.0, 220.0, 880.0])
def test_known_mixtures_have_their_ratio(ratio_db, f0_hz):
    """White noise up to Nyquist, beyond a hundred harmonics too, within 1 dB."""
    audio = tone(f0_hz)
    noise = torch.randn(6, CLIP.n_samples, generator=torch.Generator().manual_seed(1))
    noise = noise * 10 ** (ratio_db / 20) * audio.square().mean().sqrt() / noise.square().mean(-1, keepdim=True).sqrt()
    mixed = audio + noise
    heard = inner(Noisiness(CLIP).measure(mixed, pitch_of(mixed, f0_hz))).mean().item()
    assert heard == pytest.approx(ratio_db, abs=1.0)


@pytest.mark.parametrize("f0_hz", PITCHES_HZ)
def test_share_and_balance_are_those_of_the_amplitudes(f0_hz):
    amplitudes = [0.2, 0.1, 0.1, 0.05, 0.08]
    audio = tone(f0_hz, amplitudes=amplitudes)
    share = inner(FundamentalShare(CLIP).measure(audio, pitch_of(audio, f0_hz)))
    balance = inner(OddEvenBalance(CLIP).measure(audio, pitch_of(audio, f0_hz)))
    expected_db = 10 * math.log10((0.1**2 + 0.08**2) / (0.1**2 + 0.05**2))
    assert (share - 0.2 / 0.53).abs().max() < 0.003 and (balance - expected_db).abs().max() < 0.05


def test_a_glide_over_all_windows_has_no_steps():
    """Four octaves in five seconds: share and balance stay, noisiness stays low."""
    clip = ClipFormat(16000, 80000, 160)
    sample_hz = 28.0 * 16.0 ** torch.linspace(0, 1, clip.n_samples, dtype=torch.float64)
    phase = 2 * math.pi * (sample_hz / clip.sample_rate).cumsum(0)
    audio = sum(0.2 / k * torch.sin(k * phase) for k in range(1, 7)).float()[None]
    pitch = sample_hz[:: clip.hop].float()[None]
    share = inner(FundamentalShare(clip).measure(audio, pitch))
    assert (share - 1 / sum(1 / k for k in range(1, 7))).abs().max() < 0.02
    assert inner(Noisiness(clip).measure(audio, pitch)).max() < -30.0


def test_each_frame_has_its_window(second):
    """Frames of several pitches in one clip are read as they are in clips of one pitch, in any batch."""
    pitches = (40.0, 60.0, 150.0, 300.0)
    audio = 0.1 * torch.randn(3, second.n_samples, generator=torch.Generator().manual_seed(0))
    mixed = torch.tensor(pitches).repeat_interleave(25)[None].repeat(3, 1)
    mixed[1] = 60.0
    descriptor = Noisiness(second)
    found = descriptor.measure(audio, mixed)
    for place, f0_hz in enumerate(pitches):
        alone = descriptor.measure(audio[:1], torch.full((1, 100), f0_hz))
        part = slice(25 * place, 25 * place + 25)
        torch.testing.assert_close(found[:1, part], alone[:, part], rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(found[1:2], descriptor.measure(audio[1:2], mixed[1:2]), rtol=1e-4, atol=1e-3)


def test_an_accelerator_takes_all_windows_and_finds_the_same(second, monkeypatch):
    """It is not asked which clips need which."""
    audio = 0.1 * torch.randn(2, second.n_samples, generator=torch.Generator().manual_seed(0))
    mixed = torch.tensor([40.0, 60.0, 150.0, 300.0]).repeat_interleave(25)[None].repeat(2, 1)
    expected = Noisiness(second).measure(audio, mixed)
    everything = [torch.arange(2)]
    monkeypatch.setattr("synths.descriptors.line_spectra._a_few", lambda here, size: everything)
    torch.testing.assert_close(Noisiness(second).measure(audio, mixed), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("sample_rate", "windows_s"), [(16000, (0.064, 0.064, 0.128, 0.256)), (48000, (0.085, 0.085))])
def test_windows_are_as_long_as_the_pitch_needs(sample_rate, windows_s):
    windows = LineSpectra(ClipFormat(sample_rate, sample_rate, sample_rate // 100)).windows
    lengths = [window.spectrum.n_fft / sample_rate for window in windows]
    assert lengths[: len(windows_s)] == pytest.approx(windows_s, abs=1e-3)
    assert windows[-1].lowest_hz <= 27.5 < windows[-2].lowest_hz
    assert all(window.lowest_hz * length >= 6.9 for window, length in zip(windows, lengths, strict=True))


def test_nuttalls_window_lets_little_through():
    """Its side lobes are 64 dB down from three bins on."""
    power = torch.fft.rfft(nuttall(64), 64 * 32).abs().square()
    assert 10 * (power[3 * 32 :].max() / power[0]).log10() < -63.0


@pytest.mark.parametrize("f0_hz", [30.0, 60.0, 150.0, 300.0])
def test_gradients_are_those_of_differences(f0_hz):
    clip = ClipFormat(16000, 4800, 160)
    noise = torch.randn(1, 4800, generator=torch.Generator().manual_seed(0))
    audio = tone(f0_hz, clip).double() + 0.01 * noise.double()
    descriptor, pitch = Noisiness(clip).double(), torch.full((1, 30), f0_hz, dtype=torch.float64)
    pitch[:, 15:] *= 2.0
    sound = audio.clone().requires_grad_()
    (slope,) = torch.autograd.grad(descriptor.measure(sound, pitch).sum(), sound)
    way = torch.randn(1, 4800, generator=torch.Generator().manual_seed(2)).double()
    ends = [descriptor.measure(audio + step * way, pitch).sum() for step in (1e-7, -1e-7)]
    assert slope.isfinite().all()
    assert (slope * way).sum().item() == pytest.approx((ends[0] - ends[1]).item() / 2e-7, rel=1e-4)


def test_more_harmonics_than_an_ear_tells(second):
    """All up to Nyquist: of 30 Hz, the 266th."""
    power = Spectrum(second, 0.256, nuttall)(torch.zeros(1, 16000))
    spectrum = Spectrum(second, 0.256, nuttall)
    lines = harmonic_lines(power, torch.full((1, 100), 30.0), spectrum.frequency_hz, reach=3)
    assert lines.harmonics.shape[-1] == 266
