"""Partials at any frequency as one differentiable function: each has a phase to itself, and nothing is shared."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from synths.oscillator.bank import implementation_name
from synths.oscillator.phase import frame_phase


def free_bank(
    frequencies_hz: Tensor,
    amplitudes: Tensor,
    hop: int,
    sample_rate: int,
    window: Tensor | None = None,
    backend: str = "auto",
) -> Tensor:
    """Sum K partials of time-varying frequencies.

    y[n] = sum_k a_k[n] sin(2 pi phase_k[n]), all phases 0 at the first sample, frequencies linear between frames, the
    last frame held. A partial is silent in a hop wherever it reaches Nyquist at that hop's ends or their neighbours.

    Args:
        frequencies_hz: (B, F, K) in Hz, 0 or more
        amplitudes: (B, F, K) at the frames
        hop: samples per frame
        sample_rate: in Hz
        window: (hop,) weight of the hop's far end in the amplitudes, a constant; by default linear, 0, 1/hop, ...
        backend: auto, torch, numba (float32 on the CPU) or triton (float32 on a CUDA device)

    Returns:
        (B, F * hop) audio, differentiable in both; any number of times in the amplitudes

    Raises:
        ValueError: shapes that do not agree; a backend that is unknown or cannot run here
    """
    if frequencies_hz.shape != amplitudes.shape:
        raise ValueError(
            f"frequencies_hz has shape {tuple(frequencies_hz.shape)}; amplitudes want {tuple(amplitudes.shape)}."
        )
    window = torch.arange(hop, device=amplitudes.device) / hop if window is None else window
    if window.shape != (hop,):
        raise ValueError(f"window has shape {tuple(window.shape)}; a hop of {hop} wants {(hop,)}.")
    amplitudes = amplitudes.to(torch.promote_types(amplitudes.dtype, torch.float32))
    amplitudes = amplitudes * audible_partials(frequencies_hz, sample_rate)
    phase = frame_phase(frequencies_hz, hop, sample_rate)
    window = window.detach().to(amplitudes)
    if torch.is_grad_enabled() and phase.requires_grad:  # no pitch is learnt here: plainly is fast enough
        from synths.oscillator import free_torch_backend

        return free_torch_backend.forward(phase, amplitudes, window).flatten(1)
    return _bank(amplitudes, phase, window, backend).flatten(1)


def audible_partials(frequencies_hz: Tensor, sample_rate: int) -> Tensor:
    """(B, F, K) in Hz -> True for partials below Nyquist, in this frame and the two beside it."""
    return around(frequencies_hz.detach()) < sample_rate / 2


def around(frequencies_hz: Tensor) -> Tensor:
    """(B, F, K) -> (B, F, K) the highest of each frame and the two beside it."""
    return F.max_pool1d(frequencies_hz.mT, kernel_size=3, stride=1, padding=1).mT


def _module(backend: str, values: Tensor) -> ModuleType:
    return importlib.import_module(f"synths.oscillator.free_{implementation_name(backend, values)}_backend")


@torch.library.custom_op("interpretsynth::free_bank", mutates_args=())
def _bank(amplitudes: Tensor, phase: Tensor, window: Tensor, backend: str) -> Tensor:
    """(B, F, K) amplitudes, (B, F, K, 3) phase, (hop,) window -> (B, F, hop) samples."""
    samples: Tensor = _module(backend, amplitudes).forward(phase.contiguous(), amplitudes.contiguous(), window)
    return samples


@_bank.register_fake
def _(amplitudes: Tensor, phase: Tensor, window: Tensor, backend: str) -> Tensor:
    return amplitudes.new_empty(*amplitudes.shape[:2], window.shape[0])


@torch.library.custom_op("interpretsynth::free_bank_gradient", mutates_args=())
def _gradient(grad: Tensor, phase: Tensor, window: Tensor, backend: str) -> Tensor:
    """(B, F, hop) gradient of the samples -> (B, F, K) that of the amplitudes: the bank transposed."""
    gradient: Tensor = _module(backend, grad).backward(grad.contiguous(), phase.contiguous(), window)
    return gradient


@_gradient.register_fake
def _(grad: Tensor, phase: Tensor, window: Tensor, backend: str) -> Tensor:
    return grad.new_empty(phase.shape[:3])


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, phase, window, ctx.backend = inputs
    ctx.save_for_backward(phase, window)


def _transposed(operator: Callable[..., Tensor]) -> Callable[..., tuple[Tensor | None, ...]]:
    """What takes a gradient back: the bank and its gradient are each other's transpose."""

    def back(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return operator(grad, *ctx.saved_tensors, ctx.backend), None, None, None

    return back


_bank.register_autograd(_transposed(_gradient), setup_context=_keep)
_gradient.register_autograd(_transposed(_bank), setup_context=_keep)
