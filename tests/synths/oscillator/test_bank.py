"""Every backend against the definition, evaluated plainly in float64."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.signal import get_window, stft

from synths.oscillator import available_backends, oscillator_bank

SHAPES = ["steady", "glide", "vibrato", "through zero", "through Nyquist", "steps"]
FORMATS = [(48, 16000), (64, 16000), (160, 16000), (441, 44100), (480, 48000)]


def hann(hop):
    """Rising half of a Hann window."""
    return 0.5 - 0.5 * torch.cos(math.pi * torch.arange(hop) / hop)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("hop", "sample_rate"), FORMATS)
@pytest.mark.parametrize("window", [None, hann])
def test_output_and_gradients_equal_the_definition(shape, hop, sample_rate, window, backend, pitch, compare):
    """Two clips, 60 partials: audio and both gradients to 1e-4."""
    f0_hz = pitch(shape, batch=2, n_frames=24)
    amplitudes = torch.rand(2, 24, 60) / torch.arange(1, 61)
    assert max(compare(f0_hz, amplitudes, hop, sample_rate, backend, window and window(hop))) < 1e-4


@pytest.mark.parametrize("n_harmonics", [1, 2, 3, 4, 5, 9, 13, 14, 17, 99, 100, 101, 200])
def test_any_number_of_harmonics(n_harmonics, backend, compare):
    """Block sizes that divide the number of partials, and ones that do not."""
    f0_hz = 39.0 + 6 * torch.rand(1, 16)
    assert max(compare(f0_hz, torch.rand(1, 16, n_harmonics), 64, 16000, backend)) < 1e-4


@pytest.mark.parametrize("shape", ["glide", "vibrato"])
def test_four_seconds(shape, backend, pitch, compare):
    """Errors do not grow along a clip of the length that is trained on."""
    assert max(compare(pitch(shape, 1, 400), torch.rand(1, 400, 60), 160, 16000, backend)) < 1e-4


def test_many_chunks(backend, compare):
    """More rows than one chunk holds, with pitches that differ in how many partials they leave audible."""
    f0_hz = 60.0 * 40 ** torch.rand(4, 120)
    assert max(compare(f0_hz, torch.rand(4, 120, 40), 100, 22050, backend)) < 1e-4


def test_one_frame(backend, compare):
    """The shortest clip: its only frame is held."""
    assert max(compare(torch.tensor([[440.0]]), torch.rand(1, 1, 8), 480, 16000, backend)) < 1e-4


def test_inputs_of_any_layout(backend, compare):
    """Transposed and expanded tensors, as networks give them, are read rightly."""
    f0_hz = torch.tensor([[100.0], [150.0]]).expand(2, 12)
    assert max(compare(f0_hz, torch.rand(2, 20, 12).transpose(1, 2), 64, 16000, backend)) < 1e-4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_amplitudes_are_widened(dtype, pitch):
    """Amplitudes from autocast are summed in float32."""
    amplitudes = torch.rand(1, 10, 20).to(dtype)
    audio = oscillator_bank(pitch("glide", 1, 10), amplitudes, 64, 16000)
    assert torch.equal(audio, oscillator_bank(pitch("glide", 1, 10), amplitudes.float(), 64, 16000))


@pytest.mark.parametrize("backend", ["torch", "numba"])
def test_threads_change_nothing(backend, pitch):
    """One thread or two: the same audio and gradients."""
    pytest.importorskip(backend)
    results, weight = [], torch.randn(3, 16000)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        f0_hz = pitch("glide", 3, 100).requires_grad_()
        amplitudes = torch.linspace(0, 1, 3 * 100 * 150).reshape(3, 100, 150).requires_grad_()
        audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
        results.append([audio.detach(), *torch.autograd.grad((audio * weight).sum(), [f0_hz, amplitudes])])
    for one, two in zip(*results, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5 * one.abs().max().item())


def test_pitch_without_gradient(backend, pitch):
    """Pitch taken from a tracker needs no gradient; the amplitudes' is the same."""
    f0_hz, amplitudes = pitch("vibrato", 1, 10), torch.rand(1, 10, 20, requires_grad=True)
    audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
    (alone,) = torch.autograd.grad(audio.square().sum(), amplitudes)
    f0_hz = f0_hz.clone().requires_grad_()
    audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
    both = torch.autograd.grad(audio.square().sum(), [amplitudes, f0_hz])
    torch.testing.assert_close(alone, both[0])


def test_amplitudes_without_gradient(backend, pitch):
    """Fixed amplitudes need no gradient; the pitch's is the same."""
    f0_hz, amplitudes = pitch("vibrato", 1, 10).requires_grad_(), torch.rand(1, 10, 20)
    audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
    (alone,) = torch.autograd.grad(audio.square().sum(), f0_hz)
    audio = oscillator_bank(f0_hz, amplitudes.requires_grad_(), 160, 16000, backend=backend)
    torch.testing.assert_close(alone, torch.autograd.grad(audio.square().sum(), [amplitudes, f0_hz])[1])


def test_silent_partial_is_taught(backend, pitch, plain, compare):
    """An audible partial of zero amplitude receives its exact gradient: it can come to life."""
    f0_hz, amplitudes = pitch("steady", 1, 8), torch.zeros(1, 8, 12)
    amplitudes[..., 0] = 1.0
    _, to_amplitudes, _ = compare(f0_hz, amplitudes, 160, 16000, backend)
    assert to_amplitudes < 1e-4
    amplitudes = amplitudes.requires_grad_()
    target = plain(f0_hz.double(), torch.ones(1, 8, 12, dtype=torch.float64), 160, 16000)
    loss = (oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend) - target).square().sum()
    (gradient,) = torch.autograd.grad(loss, amplitudes)
    assert (gradient[..., 1:] < -1.0).all()


def test_nothing_audible(backend):
    """A pitch above Nyquist is silence, with zero gradients."""
    f0_hz = torch.full((2, 6), 9000.0, requires_grad=True)
    amplitudes = torch.ones(2, 6, 4, requires_grad=True)
    audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
    assert audio.shape == (2, 960) and not audio.any()
    assert not any(gradient.any() for gradient in torch.autograd.grad(audio.sum(), [f0_hz, amplitudes]))


def test_pitch_of_zero_is_silent(backend):
    """0 Hz never leaves phase 0, where every sine is 0 and so is what the amplitudes are taught."""
    f0_hz, amplitudes = torch.zeros(1, 5, requires_grad=True), torch.ones(1, 5, 10, requires_grad=True)
    audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
    to_pitch, to_amplitudes = torch.autograd.grad(audio.sum(), [f0_hz, amplitudes])
    assert not audio.any() and not to_amplitudes.any() and to_pitch.isfinite().all()


def test_tone_after_ten_minutes(backend):
    """600 s of 10 ms frames: the last hop is where float64 says, to 1e-3 rad."""
    f0_hz = 440.1 * 2 ** (torch.sin(34.0 * torch.arange(60_000) / 100) / 24)[None]
    audio = oscillator_bank(f0_hz, torch.ones(1, 60_000, 1), 10, 1000, backend=backend)[0, -10:]
    cycles = f0_hz[0].double() / 1000
    start = (10 * cycles + 4.5 * torch.diff(cycles, append=cycles[-1:]))[:-1].sum()
    expected = torch.sin(2 * math.pi * (start + torch.arange(10) * cycles[-1]))
    assert (audio - expected).abs().max() < 1e-3


@pytest.mark.parametrize("f0_hz", [1234.5, 311.1, 5000.0])
def test_steady_tone_has_no_alias(f0_hz, backend):
    """50 partials asked for, some or most above Nyquist: between the true ones nothing exceeds -80 dB."""
    n_frames, hop, sample_rate = 100, 160, 16000
    amplitudes = torch.ones(1, n_frames, 50)
    audio = oscillator_bank(torch.full((1, n_frames), f0_hz), amplitudes, hop, sample_rate, backend=backend)[0]
    magnitude = np.abs(np.fft.rfft(audio.double().numpy() * get_window("blackmanharris", len(audio))))
    frequency_hz = np.fft.rfftfreq(len(audio), 1 / sample_rate)
    partials_hz = f0_hz * np.arange(1, int(sample_rate / 2 / f0_hz) + 1)
    beside = np.abs(frequency_hz[:, None] - partials_hz).min(1) > 6
    assert 20 * np.log10(magnitude[beside].max() / magnitude.max()) < -80
    assert 20 * np.log10(magnitude[~beside].max() / magnitude[beside].max()) > 80


@pytest.mark.parametrize("partial", [1, 4, 9])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_glide_through_nyquist_has_no_alias(partial, direction, backend):
    """A partial that crosses Nyquist does not come back mirrored: beyond it, no spectrum rises above -80 dB."""
    n_frames, hop, sample_rate = 200, 80, 16000
    partial_hz = torch.linspace(6000, 10000, n_frames)[None]
    if direction == "down":
        partial_hz = partial_hz.flip(1)
    amplitudes = torch.zeros(1, n_frames, partial + 3)
    amplitudes[..., partial - 1] = 1.0
    audio = oscillator_bank(partial_hz / partial, amplitudes, hop, sample_rate, backend=backend)[0].numpy()
    _, time_s, spectrum = stft(audio, sample_rate, "blackmanharris", 256, 192, boundary=None)
    power_db = 20 * np.log10(np.abs(spectrum).max(0) + 1e-9)
    at_hz = np.interp(time_s, np.arange(n_frames) * hop / sample_rate, partial_hz[0].numpy())
    margin_hz = 4000 * 128 / len(audio)
    below, beyond = power_db[at_hz < 7800], power_db[at_hz > 8000 + margin_hz]
    assert beyond.max() < below.max() - 80
    # and the partial is whole until shortly before
    assert below.min() > below.max() - 1


@pytest.mark.parametrize(
    ("hop", "n_harmonics", "n_frames", "window"),
    [(20, 30, 3, None), (20, 30, 3, hann), (48, 1, 3, None), (48, 200, 2, hann), (480, 3, 1, None)],
)
@pytest.mark.parametrize("name", ["torch", "numba", "triton"])
def test_small(name, hop, n_harmonics, n_frames, window, compare):
    """Two clips, a glide and one from 0 Hz through Nyquist, in few frames: a work for Triton's interpreter."""
    if name not in available_backends() or (name == "triton" and torch.cuda.is_available()):
        pytest.skip(f"{name} cannot run on the CPU of this process")
    lowest_hz = 7000.0 / n_harmonics
    f0_hz = torch.tensor([[lowest_hz, 2 * lowest_hz, 1.5 * lowest_hz], [0.0, 700.0, 9000.0]])[:, -n_frames:]
    assert max(compare(f0_hz, torch.rand(2, n_frames, n_harmonics), hop, 16000, name, window and window(hop))) < 1e-4


def test_triton_in_its_interpreter():
    """The Triton kernels pass the test before, in a process that imports Triton with the switch set."""
    pytest.importorskip("triton")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "test_small and triton",
    ]
    environment = {**os.environ, "TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""}
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0 and "5 passed" in outcome.stdout, outcome.stdout + outcome.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ["auto", "torch", "triton"])
def test_on_a_gpu(name, pitch, compare):
    """A CUDA device gives what the definition gives, by each backend."""
    f0_hz, amplitudes = pitch("glide", 2, 100).cuda(), torch.rand(2, 100, 60).cuda()
    assert max(compare(f0_hz, amplitudes, 160, 16000, name)) < 1e-4
