"""The oscillator bank as one differentiable function, and the choice of what computes it."""

import functools
import importlib
import importlib.util
import math
import os
import warnings
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from synths.oscillator.definition import masked_bank
from synths.oscillator.phase import audible_harmonics, frame_phase, phase_basis
from synths.precision import without_autocast

_NAMES = ("auto", "torch", "numba", "triton")


def oscillator_bank(
    f0_hz: Tensor,
    amplitudes: Tensor,
    hop: int,
    sample_rate: int,
    window: Tensor | None = None,
    backend: str = "auto",
) -> Tensor:
    """Sum K harmonics of a time-varying fundamental.

    y[n] = sum_k a_k[n] sin(2 pi k phase[n]), phase 0 at the first sample, frequency linear between frames, the last
    frame held. A partial is silent in a hop wherever it would reach Nyquist at that hop's ends or their neighbours.

    Args:
        f0_hz: (B, F) fundamental in Hz, 0 or more
        amplitudes: (B, F, K) amplitude of partial k = 1..K at the frame
        hop: samples per frame
        sample_rate: in Hz
        window: (hop,) weight of the hop's far end in the amplitudes, a constant; by default linear, 0, 1/hop, ...
        backend: auto, torch, numba (float32 on the CPU) or triton (float32 on a CUDA device)

    Returns:
        (B, F * hop) audio, differentiable in f0_hz and amplitudes, also twice

    Raises:
        ValueError: shapes that do not agree; a backend that is unknown or cannot run here
    """
    batch, n_frames, n_harmonics = amplitudes.shape
    if f0_hz.shape != (batch, n_frames):
        raise ValueError(f"f0_hz has shape {tuple(f0_hz.shape)}; amplitudes want {(batch, n_frames)}.")
    if window is None:
        window = torch.arange(hop, device=amplitudes.device) / hop
    if window.shape != (hop,):
        raise ValueError(f"window has shape {tuple(window.shape)}; a hop of {hop} wants {(hop,)}.")
    amplitudes = amplitudes.to(torch.promote_types(amplitudes.dtype, torch.float32))
    phase = frame_phase(f0_hz, hop, sample_rate)
    audible = audible_harmonics(f0_hz, n_harmonics, sample_rate)
    wants_slope = torch.is_grad_enabled() and phase.requires_grad
    window = window.detach().to(amplitudes)
    # At the first call of an operator torch loads its compiler, which takes a second: only for what asks for gradients.
    bank = _computed if _is_plain(phase, amplitudes) else _bank
    samples, _ = bank(phase, amplitudes, audible, window, backend, wants_slope)
    return samples.flatten(1)


def _is_plain(phase: Tensor, amplitudes: Tensor) -> bool:
    """Whether nothing differentiates, traces or compiles the bank."""
    both = (phase, amplitudes)
    differentiates = torch.is_grad_enabled() and any(value.requires_grad for value in both)
    return not differentiates and not torch.compiler.is_compiling() and all(type(value) is Tensor for value in both)


def _computed(
    phase: Tensor, amplitudes: Tensor, audible: Tensor, window: Tensor, backend: str, wants_slope: bool
) -> tuple[Tensor, Tensor]:
    """-> (B, F, hop) samples, and if wanted their derivative by 2 pi phase, which shares the sines and cosines."""
    module = _implementation(backend, amplitudes)
    return module.forward(phase.contiguous(), amplitudes.contiguous(), audible.contiguous(), window, wants_slope)


_bank = torch.library.custom_op("interpretsynth::oscillator_bank", _computed, mutates_args=())


@_bank.register_fake
def _(
    phase: Tensor, amplitudes: Tensor, audible: Tensor, window: Tensor, backend: str, wants_slope: bool
) -> tuple[Tensor, Tensor]:
    batch, n_frames, _ = amplitudes.shape
    samples = amplitudes.new_empty(batch, n_frames, window.shape[0])
    return samples, torch.empty_like(samples) if wants_slope else amplitudes.new_empty(0)


@torch.library.custom_op("interpretsynth::oscillator_bank_amplitudes_gradient", mutates_args=())
def _amplitudes_gradient(
    grad: Tensor, phase: Tensor, audible: Tensor, window: Tensor, n_harmonics: int, backend: str
) -> Tensor:
    """(B, F, hop) gradient of the samples -> (B, F, K) gradient of the amplitudes; the sines are computed again."""
    module = _implementation(backend, grad)
    return module.backward(grad.contiguous(), phase.contiguous(), audible.contiguous(), window, n_harmonics)


@_amplitudes_gradient.register_fake
def _(grad: Tensor, phase: Tensor, audible: Tensor, window: Tensor, n_harmonics: int, backend: str) -> Tensor:
    return grad.new_empty(*grad.shape[:2], n_harmonics)


@torch.library.custom_op("interpretsynth::oscillator_bank_phase_gradient", mutates_args=())
def _phase_gradient(grad: Tensor, slope: Tensor) -> Tensor:
    """(B, F, hop) gradient of the samples and slope -> (B, F, 3) gradient of start, cycles and step."""
    with without_autocast(grad):
        return 2 * math.pi * ((grad * slope) @ phase_basis(grad.shape[-1], grad).T).double()


@_phase_gradient.register_fake
def _(grad: Tensor, slope: Tensor) -> Tensor:
    return grad.new_empty(*grad.shape[:2], 3, dtype=torch.float64)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    phase, amplitudes, audible, window, ctx.backend, _ = inputs
    _, slope = output
    ctx.mark_non_differentiable(slope)
    ctx.save_for_backward(phase, amplitudes, audible, window, slope)


def _backward(ctx: Any, grad: Tensor, _: Tensor | None) -> tuple[Tensor | None, ...]:
    phase, amplitudes, audible, window, slope = ctx.saved_tensors
    wants_phase, wants_amplitudes = ctx.needs_input_grad[:2]
    if torch.is_grad_enabled():  # the gradient is to be differentiated again
        samples = masked_bank(phase, amplitudes, audible, window).reshape(grad.shape)
        wanted = [value for value, wants in ((phase, wants_phase), (amplitudes, wants_amplitudes)) if wants]
        gradients = iter(torch.autograd.grad(samples, wanted, grad, create_graph=True))
        return next(gradients) if wants_phase else None, next(gradients) if wants_amplitudes else None, *[None] * 4
    to_phase = _phase_gradient(grad, slope) if wants_phase else None
    to_amplitudes = None
    if wants_amplitudes:
        to_amplitudes = _amplitudes_gradient(grad, phase, audible, window, amplitudes.shape[-1], ctx.backend)
    return to_phase, to_amplitudes, None, None, None, None


_bank.register_autograd(_backward, setup_context=_save)


def available_backends() -> list[str]:
    """The backends that can run in this process, the portable one first."""
    names = ["torch"]
    if importlib.util.find_spec("numba"):
        names.append("numba")
    if importlib.util.find_spec("triton") and (torch.cuda.is_available() or _interprets_triton()):
        names.append("triton")
    return names


def _interprets_triton() -> bool:
    return os.environ.get("TRITON_INTERPRET") == "1"


def _implementation(name: str, values: Tensor) -> ModuleType:
    return importlib.import_module(f"synths.oscillator.{implementation_name(name, values)}_backend")


def implementation_name(name: str, values: Tensor) -> str:
    """The name of a backend that can work on these values.

    Raises:
        ValueError: it is unknown, or cannot run here; the sentence says what is missing
    """
    if name not in _NAMES:
        raise ValueError(f"backend is {name!r}; it is one of {', '.join(_NAMES)}.")
    if name == "auto":
        name = _fastest(values)
    if name != "torch":
        if name not in available_backends():
            missing = name if importlib.util.find_spec(name) is None else "a CUDA device"
            raise ValueError(f"backend {name!r} wants {missing}, which is not here: use backend='auto'.")
        device = "cpu" if name == "numba" or _interprets_triton() else "cuda"
        if values.dtype != torch.float32 or values.device.type != device:
            given = f"{str(values.dtype).removeprefix('torch.')} on {values.device.type}"
            raise ValueError(f"backend {name!r} wants float32 on {device}, not {given}: use backend='auto'.")
    return name


def _fastest(values: Tensor) -> str:
    if values.dtype == torch.float32:
        if values.device.type == "cpu" and "numba" in available_backends():
            return "numba"
        if values.device.type == "cuda" and "triton" in available_backends() and _triton_agrees():
            return "triton"
    return "torch"


@functools.cache
def _triton_agrees() -> bool:
    """Whether the Triton kernels give what the torch backend gives, tried once on a tiny work."""
    f0_hz = torch.tensor([[100.0, 150.0, 130.0]], device="cuda")
    amplitudes = torch.linspace(0, 1, 60, device="cuda").reshape(1, 3, 20)
    phase, audible = frame_phase(f0_hz, 100, 5000), audible_harmonics(f0_hz, 20, 5000)
    window = torch.linspace(0, 1, 100, device="cuda")
    results = []
    try:
        for name in ("torch", "triton"):
            module = importlib.import_module(f"synths.oscillator.{name}_backend")
            samples, slope = module.forward(phase, amplitudes, audible, window, True)
            results.append([samples, slope, module.backward(samples, phase, audible, window, 20)])
        agrees = all((a - b).abs().max() <= 1e-4 * a.abs().max() for a, b in zip(*results, strict=True))
        reason = "its results differ from torch's"
    except Exception as error:  # whatever a compiler can raise on a device it does not know
        agrees, reason = False, str(error).strip().split("\n")[0]
    if not agrees:
        warnings.warn(f"The oscillator bank runs on torch: triton cannot be trusted here ({reason}).", stacklevel=2)
    return agrees
