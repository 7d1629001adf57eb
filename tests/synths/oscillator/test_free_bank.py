"""Partials at any frequency: every backend against the definition, evaluated plainly in float64."""

import math
import os
import subprocess
import sys

import pytest
import torch

from synths.oscillator import around, audible_partials, available_backends, free_bank, oscillator_bank


def plain(frequencies_hz, amplitudes, hop, sample_rate, between):
    """sum_k a_k[n] sin(2 pi phase_k[n]), sample by sample."""
    reaches = frequencies_hz.detach() >= sample_rate / 2
    before = torch.cat([reaches[:, :1], reaches[:, :-1]], dim=1)
    after = torch.cat([reaches[:, 1:], reaches[:, -1:]], dim=1)
    amplitudes = amplitudes * ~(reaches | before | after)
    per_sample = between(frequencies_hz, hop) / sample_rate
    phase = torch.cumsum(per_sample, dim=1) - per_sample
    return (between(amplitudes, hop) * torch.sin(2 * math.pi * phase)).sum(-1)


def stretched(f0_hz, n_partials, stiffness=4e-4):
    """(B, F) pitch -> (B, F, K) of a stiff string."""
    k = torch.arange(1, n_partials + 1)
    return f0_hz[..., None] * k * (1 + stiffness * k**2).sqrt()


@pytest.mark.parametrize("name", ["torch", "numba", "triton"])
@pytest.mark.parametrize(("hop", "n_partials"), [(20, 30), (48, 1), (33, 7), (160, 3)])
def test_small(name, hop, n_partials, between):
    """Audio and the gradient of amplitudes to 1e-4, for a glide and one from 0 Hz through Nyquist."""
    if name not in available_backends() or (name == "triton" and torch.cuda.is_available()):
        pytest.skip(f"{name} cannot run on the CPU of this process")
    f0_hz = torch.tensor([[200.0, 400.0, 300.0], [0.0, 700.0, 9000.0]])
    hz, amplitudes = stretched(f0_hz, n_partials), torch.rand(2, 3, n_partials)
    given, exact = amplitudes.clone().requires_grad_(), amplitudes.double().requires_grad_()
    audio, reference = free_bank(hz, given, hop, 16000, None, name), plain(hz.double(), exact, hop, 16000, between)
    weight = torch.randn(audio.shape)
    (gradient,) = torch.autograd.grad((audio * weight).sum(), given)
    (expected,) = torch.autograd.grad((reference * weight).sum(), exact)
    assert (audio - reference).abs().max() < 1e-4 * reference.abs().max()
    assert (gradient - expected).abs().max() < 1e-4 * expected.abs().max()


def test_triton_in_its_interpreter():
    """The Triton kernels pass the test before, in a process that imports Triton with the switch set."""
    pytest.importorskip("triton")
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", __file__]
    environment = {**os.environ, "TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""}
    outcome = subprocess.run(
        [*command, "-k", "test_small and triton"], env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0 and "4 passed" in outcome.stdout, outcome.stdout + outcome.stderr


def test_harmonics_are_the_harmonic_bank(backend, pitch):
    """Two clips, 60 partials, four seconds."""
    f0_hz, amplitudes = pitch("vibrato", 2, 400), torch.rand(2, 400, 60)
    hz = (f0_hz.double()[..., None] * torch.arange(1, 61)).float()
    ours, theirs = free_bank(hz, amplitudes, 160, 16000, None, backend), oscillator_bank(f0_hz, amplitudes, 160, 16000)
    assert (ours - theirs).abs().max() < 2e-4 * theirs.abs().max()


def test_gradients_of_frequencies_and_second_ones():
    """By finite differences, in float64."""
    hz = (100.0 + 50.0 * torch.rand(1, 4, 3, dtype=torch.float64)).requires_grad_()
    amplitudes = torch.rand(1, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f, a: free_bank(f, a, 8, 8000), (hz, amplitudes))
    assert torch.autograd.gradgradcheck(lambda a: free_bank(hz.detach(), a, 8, 8000), (amplitudes,))


def test_threads_change_nothing(backend, pitch):
    """One thread or two: the same audio."""
    hz, amplitudes, results = stretched(pitch("glide", 3, 100), 100), torch.rand(3, 100, 100), []
    for threads in (1, 2):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        results.append(free_bank(hz, amplitudes, 160, 16000, None, backend))
        torch.set_num_threads(before)
    torch.testing.assert_close(*results, atol=1e-5, rtol=0)


def test_what_reaches_nyquist_is_silent_around():
    """In its own frame and the two beside it."""
    hz = torch.tensor([[[100.0], [100.0], [8000.0], [100.0], [100.0]]])
    assert audible_partials(hz, 16000)[0, :, 0].tolist() == [True, False, False, False, True]
    assert around(hz)[0, :, 0].tolist() == [100.0, 8000.0, 8000.0, 8000.0, 100.0]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"frequencies_hz": torch.ones(1, 2, 4)}, "frequencies_hz has shape"),
        ({"window": torch.ones(3)}, "window has shape"),
        ({"backend": "cuda"}, "backend is 'cuda'"),
    ],
)
def test_wrong_input_is_named(given, names):
    usual = {"frequencies_hz": torch.ones(1, 2, 3), "amplitudes": torch.ones(1, 2, 3), "hop": 8, "sample_rate": 8000}
    with pytest.raises(ValueError, match=names):
        free_bank(**usual | given)
