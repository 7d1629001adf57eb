"""The oscillator bank against its definition, evaluated plainly in float64."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.signal import get_window, stft

from synths.oscillator import audible_harmonics, oscillator_bank, phase_turns


def held(values):
    """Values at the far end of each hop: the next frame's, the last one held."""
    return torch.cat([values[:, 1:], values[:, -1:]], dim=1)


def between(values, hop):
    """Linear interpolation from frames to samples, (B, F, ...) -> (B, F * hop, ...)."""
    ramp = torch.arange(hop, dtype=values.dtype) / hop
    ramp = ramp.reshape(1, 1, hop, *[1] * (values.ndim - 2))
    return (values[:, :, None] * (1 - ramp) + held(values)[:, :, None] * ramp).flatten(1, 2)


def plain(f0_hz, amplitudes, hop, sample_rate):
    """The definition: sum_k a_k[n] sin(2 pi k phase[n]), sample by sample, partial by partial."""
    k = torch.arange(1, amplitudes.shape[-1] + 1, dtype=torch.float64)
    reaches = f0_hz.detach()[..., None] * k >= sample_rate / 2
    before, after = torch.cat([reaches[:, :1], reaches[:, :-1]], dim=1), held(reaches)
    amplitudes = amplitudes * ~(reaches | before | after)
    per_sample = between(f0_hz, hop) / sample_rate
    phase = torch.cumsum(per_sample, dim=1) - per_sample
    return (between(amplitudes, hop) * torch.sin(2 * math.pi * k * phase[..., None])).sum(-1)


def relative(value, reference):
    """Largest error, relative to the largest value."""
    return ((value.double() - reference).abs().max() / reference.abs().max()).item()


def pitch(shape, batch, n_frames):
    """(B, F) pitch of a named shape, each clip a fifth above the one before."""
    t = torch.linspace(0, 1, n_frames, dtype=torch.float64)
    curve = {
        "steady": torch.full_like(t, 220.0),
        "glide": 80.0 * 20**t,
        "vibrato": 300 * 2 ** (torch.sin(2 * math.pi * 5 * t) / 12),
        "through zero": (400.0 * (0.6 - t)).clamp_min(0.0),
        "through Nyquist": 3000.0 + 30000.0 * t,
        "steps": torch.where(t < 0.5, 100.0, 900.0).double(),
    }[shape]
    return (curve * 1.5 ** torch.arange(batch)[:, None]).float()


def compare(f0_hz, amplitudes, hop, sample_rate):
    """Relative errors of the output and of the gradients to amplitudes and pitch."""
    results = []
    for bank, dtype in ((oscillator_bank, torch.float32), (plain, torch.float64)):
        f0, a = f0_hz.to(dtype).requires_grad_(), amplitudes.to(dtype).requires_grad_()
        audio = bank(f0, a, hop, sample_rate)
        weight = torch.randn(audio.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        results.append([audio.detach(), *torch.autograd.grad((audio * weight).sum(), [a, f0])])
    return [relative(ours, reference) for ours, reference in zip(*results, strict=True)]


@pytest.mark.parametrize("shape", ["steady", "glide", "vibrato", "through zero", "through Nyquist", "steps"])
@pytest.mark.parametrize(("hop", "sample_rate"), [(48, 16000), (160, 16000), (441, 44100), (480, 48000)])
def test_output_and_gradients_equal_the_definition(shape, hop, sample_rate):
    """Two clips, 60 partials: audio and both gradients to 1e-4."""
    f0_hz = pitch(shape, batch=2, n_frames=24)
    amplitudes = torch.rand(2, 24, 60) / torch.arange(1, 61)
    assert max(compare(f0_hz, amplitudes, hop, sample_rate)) < 1e-4


@pytest.mark.parametrize("n_harmonics", [1, 2, 3, 5, 17, 99, 100, 101, 200])
def test_any_number_of_harmonics(n_harmonics):
    """Block sizes that divide the number of partials, and ones that do not."""
    f0_hz = 39.0 + 6 * torch.rand(1, 16)
    assert max(compare(f0_hz, torch.rand(1, 16, n_harmonics), 64, 16000)) < 1e-4


def test_many_chunks():
    """More rows than one chunk holds, with pitches that differ in how many partials they leave audible."""
    f0_hz = 60.0 * 40 ** torch.rand(4, 60)
    assert max(compare(f0_hz, torch.rand(4, 60, 40), 100, 22050)) < 1e-4


def test_one_frame():
    """The shortest clip: its only frame is held."""
    assert max(compare(torch.tensor([[440.0]]), torch.rand(1, 1, 8), 480, 16000)) < 1e-4


def test_pitch_without_gradient():
    """Pitch taken from a tracker needs no gradient; the amplitudes' is the same."""
    f0_hz, amplitudes = pitch("vibrato", 1, 10), torch.rand(1, 10, 20, requires_grad=True)
    (alone,) = torch.autograd.grad(oscillator_bank(f0_hz, amplitudes, 160, 16000).square().sum(), amplitudes)
    f0_hz = f0_hz.clone().requires_grad_()
    both = torch.autograd.grad(oscillator_bank(f0_hz, amplitudes, 160, 16000).square().sum(), [amplitudes, f0_hz])
    torch.testing.assert_close(alone, both[0])


def test_gradcheck_in_float64():
    """Analytical gradients equal finite differences at machine precision, for pitch and amplitudes together."""
    f0_hz = (200 + 50 * torch.rand(2, 4, dtype=torch.float64)).requires_grad_()
    amplitudes = torch.rand(2, 4, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f, a: oscillator_bank(f, a, 6, 16000), (f0_hz, amplitudes), eps=1e-5)


def test_silent_partial_is_taught():
    """An audible partial of zero amplitude receives its exact gradient: it can come to life."""
    f0_hz, amplitudes = pitch("steady", 1, 8), torch.zeros(1, 8, 12)
    amplitudes[..., 0] = 1.0
    _, to_amplitudes, _ = compare(f0_hz, amplitudes, 160, 16000)
    assert to_amplitudes < 1e-4
    amplitudes = amplitudes.requires_grad_()
    target = plain(f0_hz.double(), torch.ones(1, 8, 12, dtype=torch.float64), 160, 16000)
    loss = (oscillator_bank(f0_hz, amplitudes, 160, 16000) - target).square().sum()
    (gradient,) = torch.autograd.grad(loss, amplitudes)
    assert (gradient[..., 1:] < -1.0).all()


def test_nothing_audible():
    """A pitch above Nyquist is silence, with zero gradients."""
    f0_hz = torch.full((2, 6), 9000.0, requires_grad=True)
    amplitudes = torch.ones(2, 6, 4, requires_grad=True)
    audio = oscillator_bank(f0_hz, amplitudes, 160, 16000)
    assert audio.shape == (2, 960) and not audio.any()
    assert not any(gradient.any() for gradient in torch.autograd.grad(audio.sum(), [f0_hz, amplitudes]))


def test_pitch_of_zero_is_silent():
    """0 Hz never leaves phase 0, where every sine is 0."""
    assert not oscillator_bank(torch.zeros(1, 5), torch.ones(1, 5, 10), 160, 16000).any()


@pytest.mark.parametrize(("f0_hz", "expected"), [(0.0, 50), (100.0, 50), (1000.0, 7), (1001.0, 7), (999.0, 8)])
def test_audible_harmonics(f0_hz, expected):
    """A partial exactly at Nyquist is not below it."""
    assert audible_harmonics(torch.full((1, 3), f0_hz), 50, 16000).eq(expected).all()


def test_audible_harmonics_looks_at_neighbours():
    """A partial fades before it reaches Nyquist: the frames beside a high one count as high."""
    f0_hz = torch.tensor([[100.0, 100.0, 3000.0, 100.0, 100.0]])
    assert audible_harmonics(f0_hz, 50, 16000).tolist() == [[50, 2, 2, 2, 50]]


@pytest.mark.parametrize("f0_hz", [1234.5, 311.1, 5000.0])
def test_steady_tone_has_no_alias(f0_hz):
    """50 partials asked for, some or most above Nyquist: between the true ones nothing exceeds -80 dB."""
    n_frames, hop, sample_rate = 100, 160, 16000
    audio = oscillator_bank(torch.full((1, n_frames), f0_hz), torch.ones(1, n_frames, 50), hop, sample_rate)[0]
    magnitude = np.abs(np.fft.rfft(audio.double().numpy() * get_window("blackmanharris", len(audio))))
    frequency_hz = np.fft.rfftfreq(len(audio), 1 / sample_rate)
    partials_hz = f0_hz * np.arange(1, int(sample_rate / 2 / f0_hz) + 1)
    beside = np.abs(frequency_hz[:, None] - partials_hz).min(1) > 6
    assert 20 * np.log10(magnitude[beside].max() / magnitude.max()) < -80
    assert 20 * np.log10(magnitude[~beside].max() / magnitude[beside].max()) > 80


@pytest.mark.parametrize("partial", [1, 4, 9])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_glide_through_nyquist_has_no_alias(partial, direction):
    """A partial that crosses Nyquist does not come back mirrored: beyond it, no spectrum rises above -80 dB."""
    n_frames, hop, sample_rate = 200, 80, 16000
    partial_hz = torch.linspace(6000, 10000, n_frames)[None]
    if direction == "down":
        partial_hz = partial_hz.flip(1)
    amplitudes = torch.zeros(1, n_frames, partial + 3)
    amplitudes[..., partial - 1] = 1.0
    audio = oscillator_bank(partial_hz / partial, amplitudes, hop, sample_rate)[0].numpy()
    _, time_s, spectrum = stft(audio, sample_rate, "blackmanharris", 256, 192, boundary=None)
    power_db = 20 * np.log10(np.abs(spectrum).max(0) + 1e-9)
    at_hz = np.interp(time_s, np.arange(n_frames) * hop / sample_rate, partial_hz[0].numpy())
    margin_hz = 4000 * 128 / len(audio)
    below, beyond = power_db[at_hz < 7800], power_db[at_hz > 8000 + margin_hz]
    assert beyond.max() < below.max() - 80
    # and the partial is whole until shortly before
    assert below.min() > below.max() - 1


def radians_off(turns, exact):
    """Distance of phases on the circle, in radians."""
    difference = (turns - exact + 0.5) % 1.0 - 0.5
    return 2 * math.pi * abs(difference)


@pytest.mark.parametrize("shape", ["steady", "vibrato"])
def test_phase_after_ten_minutes(shape):
    """600 s of 10 ms frames: within 1e-3 rad of exact rational arithmetic, also for the 100th partial."""
    n_frames, hop, sample_rate = 60_000, 10, 1000  # the rate is low to be light: frames and turns are a real note's
    t = torch.arange(n_frames) / 100
    f0_hz = torch.full((n_frames,), 440.1) if shape == "steady" else 440.1 * 2 ** (torch.sin(34.0 * t) / 24)
    turns = phase_turns(f0_hz[None], hop, sample_rate)[0, -1, 0].item()
    # float32 from 64 to 4096 are multiples of 2^-17: the sums below are exact integers
    exact_hz = [int(value * 2**17) for value in f0_hz.double().tolist()]
    halves = sum(2 * hop * a + (hop - 1) * (b - a) for a, b in pairwise(exact_hz))
    cycle = 2 * sample_rate * 2**17
    assert radians_off(turns, (halves % cycle) / cycle) < 1e-5


def test_phase_is_the_running_sum_of_frequency():
    """Phase at each sample is the sum of the frequencies before it, wrapped to 0..1."""
    f0_hz = pitch("glide", 2, 12)
    per_sample = between(f0_hz.double(), 37) / 44100
    exact = (per_sample.cumsum(1) - per_sample).numpy()
    turns = phase_turns(f0_hz, 37, 44100)
    assert turns.shape == (2, 12, 37) and turns.dtype == torch.float32
    assert turns.min() >= 0 and turns.max() <= 1
    assert max(radians_off(a, b) for a, b in zip(turns.double().flatten().tolist(), exact.ravel(), strict=True)) < 1e-6


@pytest.mark.parametrize("shape", [(1, 9), (2, 10), (10,), (1, 1)])
def test_mismatched_shapes_are_refused(shape):
    """Pitch and amplitudes must agree on clips and frames, in one clear sentence."""
    with pytest.raises(ValueError, match="f0_hz has shape"):
        oscillator_bank(torch.full(shape, 440.0), torch.ones(1, 10, 4), 160, 16000)
