"""The bank as an operator of torch: derivatives, compilation, export, memory, and what it refuses."""

import importlib.util
import math

import pytest
import torch

from synths.oscillator import available_backends, frame_phase, next_frame, oscillator_bank, plain_bank
from synths.oscillator.bank import _amplitudes_gradient, _bank, _phase_gradient


def small(dtype=torch.float64, batch=2, n_frames=4, n_harmonics=7):
    """Pitch and amplitudes that need gradients."""
    f0_hz = (200 + 50 * torch.rand(batch, n_frames, dtype=dtype)).requires_grad_()
    return f0_hz, torch.rand(batch, n_frames, n_harmonics, dtype=dtype, requires_grad=True)


def bank(f0_hz, amplitudes):
    """The bank at a hop of 6."""
    return oscillator_bank(f0_hz, amplitudes, 6, 16000)


def test_gradcheck_in_float64():
    """Analytical gradients equal finite differences at machine precision, for pitch and amplitudes together."""
    assert torch.autograd.gradcheck(bank, small(), eps=1e-5)


def test_second_derivatives_in_float64():
    """Gradients can be differentiated again, as penalties on gradients do."""
    assert torch.autograd.gradgradcheck(bank, small(batch=1, n_frames=3, n_harmonics=3), eps=1e-5)


def test_gradient_of_a_gradient(backend):
    """The gradient that is to be differentiated again is the gradient that is not."""
    f0_hz, amplitudes = small(torch.float32)
    loss = oscillator_bank(f0_hz, amplitudes, 64, 16000, backend=backend).square().sum()
    once = torch.autograd.grad(loss, [f0_hz, amplitudes], retain_graph=True)
    again = torch.autograd.grad(loss, [f0_hz, amplitudes], create_graph=True)
    for a, b in zip(once, again, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4 * a.abs().max().item())
    assert torch.autograd.grad(again[0].square().sum(), f0_hz)[0].isfinite().all()


def test_definition_is_the_bank():
    """`plain_bank` of what is audible is the bank: two statements of one sum."""
    f0_hz, amplitudes = small()
    window = torch.arange(64) / 64
    audio = plain_bank(frame_phase(f0_hz, 64, 16000), amplitudes, next_frame(amplitudes), window)
    torch.testing.assert_close(audio, oscillator_bank(f0_hz, amplitudes, 64, 16000, backend="torch"))


@pytest.mark.parametrize("wants_slope", [True, False])
def test_operators_keep_their_promises_to_torch(wants_slope, backend):
    """Schemas, fake kernels and autograd registrations are right (`torch.library.opcheck`)."""
    phase = frame_phase(torch.full((2, 3), 210.0), 5, 16000).requires_grad_(wants_slope)
    amplitudes = torch.rand(2, 3, 4, requires_grad=True)
    audible, window = torch.full((2, 3), 4), torch.arange(5) / 5
    torch.library.opcheck(_bank, (phase, amplitudes, audible, window, backend, wants_slope))
    grad = torch.rand(2, 3, 5)
    torch.library.opcheck(_amplitudes_gradient, (grad, phase.detach(), audible, window, 4, backend))
    torch.library.opcheck(_phase_gradient, (grad, torch.rand(2, 3, 5)))


def test_compiles_whole(backend):
    """`torch.compile` takes it in one graph, forwards and backwards."""
    compiled = torch.compile(oscillator_bank, backend="aot_eager", fullgraph=True)
    f0_hz, amplitudes = small(torch.float32)
    results = []
    for function in (oscillator_bank, compiled):
        audio = function(f0_hz, amplitudes, 64, 16000, backend=backend)
        results.append([audio.detach(), *torch.autograd.grad(audio.square().sum(), [f0_hz, amplitudes])])
    torch.testing.assert_close(results[0], results[1])


def test_exports():
    """`torch.export` keeps the bank as one operator, which says the same."""

    class Module(torch.nn.Module):
        def forward(self, f0_hz, amplitudes):
            return oscillator_bank(f0_hz, amplitudes, 64, 16000)

    given = tuple(value.detach() for value in small(torch.float32))
    exported = torch.export.export(Module(), given)
    assert any("interpretsynth" in str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(exported.module()(*given), Module()(*given))


def test_definition_exports_without_the_operator():
    """`plain_bank` is made of plain operations, for runtimes that know no others."""

    class Module(torch.nn.Module):
        def forward(self, phase, near, far, window):
            return plain_bank(phase, near, far, window)

    f0_hz, amplitudes = (value.detach() for value in small(torch.float32))
    given = (frame_phase(f0_hz, 64, 16000), amplitudes, next_frame(amplitudes), torch.arange(64) / 64)
    exported = torch.export.export(Module(), given)
    assert not any("interpretsynth" in str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(exported.module()(*given), Module()(*given))


def test_nothing_of_samples_times_partials_is_kept(backend):
    """What waits for the backward pass is of the size of the samples and of the frames' amplitudes."""
    f0_hz, amplitudes = small(torch.float32, batch=2, n_frames=50, n_harmonics=80)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor.numel()) or tensor, lambda t: t):
        audio = oscillator_bank(f0_hz, amplitudes, 160, 16000, backend=backend)
    assert sum(kept) < 3 * (audio.numel() + amplitudes.numel()) < audio.numel() * 80 / 10


@pytest.mark.parametrize("precision", ["medium", "high"])
def test_matmul_precision_changes_nothing(precision, backend):
    """Shortened matrix products, asked for a network's sake, do not reach the bank; nor does autocast."""
    f0_hz, amplitudes = small(torch.float32, n_frames=20, n_harmonics=30)

    def results():
        audio = oscillator_bank(f0_hz, amplitudes, 64, 16000, backend=backend)
        return [audio.detach(), *torch.autograd.grad(audio.sum(), [f0_hz, amplitudes])]

    expected, before = results(), torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        with torch.autocast("cpu", torch.bfloat16):
            given = results()
        assert torch.get_float32_matmul_precision() == precision
    finally:
        torch.set_float32_matmul_precision(before)
    assert all(torch.equal(a, b) for a, b in zip(expected, given, strict=True))


@pytest.mark.parametrize("shape", [(1, 9), (2, 10), (10,), (1, 1)])
def test_mismatched_shapes_are_refused(shape):
    """Pitch and amplitudes must agree on clips and frames, in one clear sentence."""
    with pytest.raises(ValueError, match="f0_hz has shape"):
        oscillator_bank(torch.full(shape, 440.0), torch.ones(1, 10, 4), 160, 16000)


def test_window_of_another_hop_is_refused():
    """A window has one weight for each sample of the hop."""
    with pytest.raises(ValueError, match=r"window has shape \(64,\); a hop of 160"):
        oscillator_bank(torch.full((1, 10), 440.0), torch.ones(1, 10, 4), 160, 16000, torch.ones(64))


def test_unknown_backend_is_refused():
    """A misspelt backend is told the names."""
    with pytest.raises(ValueError, match="backend is 'cuda'; it is one of auto, torch, numba, triton"):
        oscillator_bank(torch.full((1, 10), 440.0), torch.ones(1, 10, 4), 160, 16000, backend="cuda")


@pytest.mark.parametrize("name", ["numba", "triton"])
def test_missing_backend_is_refused(name, monkeypatch):
    """A backend that is asked for by name and is not installed is not silently another one."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted: None if wanted == name else find(wanted))
    assert name not in available_backends()
    with pytest.raises(ValueError, match=f"backend '{name}' wants {name}, which is not here: use backend='auto'"):
        oscillator_bank(torch.full((1, 10), 440.0), torch.ones(1, 10, 4), 160, 16000, backend=name)
    audio = oscillator_bank(torch.full((1, 10), 440.0), torch.ones(1, 10, 4), 160, 16000)
    assert math.isclose(audio.abs().max().item(), 4.0, rel_tol=0.5)


def test_backend_for_another_type_is_refused():
    """Numba sums float32; float64 is left to torch."""
    pytest.importorskip("numba")
    with pytest.raises(ValueError, match="backend 'numba' wants float32 on cpu, not float64 on cpu"):
        oscillator_bank(*small(), 160, 16000, backend="numba")


def test_auto_takes_what_there_is():
    """Float64 is summed by torch without being asked, to its own precision."""
    f0_hz, amplitudes = small()
    torch.testing.assert_close(
        oscillator_bank(f0_hz, amplitudes, 64, 16000), oscillator_bank(f0_hz, amplitudes, 64, 16000, backend="torch")
    )
