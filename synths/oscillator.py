"""A bank of harmonic oscillators with exact phase, exact gradients and little memory.

The sum over partials is evaluated as a polynomial in z = exp(i 2 pi phase): partial k = i J + m, so that
sum_k a_k z^k = sum_i (z^J)^i sum_m a_{iJ+m} z^m. The inner sum is one small matrix product per hop, because the
amplitudes are linear between frames; the outer one is Horner's rule. Nothing of size N x K is ever stored.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

_CHUNK_SAMPLES = {"cpu": 8192}  # rows of one chunk stay in the cache of a core
_CHUNK_SAMPLES_ELSEWHERE = 1 << 20


def oscillator_bank(f0_hz: Tensor, amplitudes: Tensor, hop: int, sample_rate: int) -> Tensor:
    """Sum K harmonics of a time-varying fundamental.

    y[n] = sum_k a_k[n] sin(2 pi k phase[n]), amplitudes and frequency linear between frames, the last frame held.
    A partial is silent in a hop wherever it would reach Nyquist at that hop's ends or their neighbours.

    Args:
        f0_hz: (B, F) fundamental in Hz, 0 or more
        amplitudes: (B, F, K) amplitude of partial k = 1..K at the frame
        hop: samples per frame
        sample_rate: in Hz

    Returns:
        (B, F * hop) audio, differentiable in f0_hz and amplitudes
    """
    batch, n_frames, n_harmonics = amplitudes.shape
    if f0_hz.shape != (batch, n_frames):
        raise ValueError(f"f0_hz has shape {tuple(f0_hz.shape)}; amplitudes want {(batch, n_frames)}.")
    audible = audible_harmonics(f0_hz, n_harmonics, sample_rate)
    index = torch.arange(1, n_harmonics + 1, device=f0_hz.device)
    masked = amplitudes * (index <= audible[..., None])
    ends = torch.cat([masked, masked[:, -1:]], dim=1)
    row_audible = torch.maximum(audible, torch.cat([audible[:, 1:], audible[:, -1:]], dim=1))
    turns = phase_turns(f0_hz, hop, sample_rate)
    out = _Bank.apply(
        turns.reshape(-1, hop),
        ends[:, :-1].reshape(-1, n_harmonics),
        ends[:, 1:].reshape(-1, n_harmonics),
        row_audible.reshape(-1),
    )
    return out.reshape(batch, n_frames * hop)


def audible_harmonics(f0_hz: Tensor, n_harmonics: int, sample_rate: int) -> Tensor:
    """How many partials of each (B, F) frame stay below Nyquist, also at the two neighbouring frames."""
    highest = F.max_pool1d(f0_hz.detach()[:, None], kernel_size=3, stride=1, padding=1)[:, 0]
    # ceil - 1: a partial exactly at Nyquist is not below it
    below = torch.ceil(sample_rate / 2 / highest.clamp_min(1e-3).double()) - 1
    return below.clamp(0, n_harmonics).long()


def phase_turns(f0_hz: Tensor, hop: int, sample_rate: int) -> Tensor:
    """(B, F) fundamental in Hz to its phase at every sample, (B, F, hop) in turns, wrapped to 0..1.

    Accumulated in float64 at the frame rate and in closed form inside the hop, so that an hour stays in tune.
    """
    cycles = f0_hz.double() / sample_rate
    step = torch.cat([cycles[:, 1:], cycles[:, -1:]], dim=1) - cycles
    advance = hop * cycles + (hop - 1) / 2 * step
    start = torch.cumsum(advance, dim=1) - advance
    j = torch.arange(hop, device=f0_hz.device, dtype=torch.float64)
    turns = start[..., None].remainder(1.0) + j * cycles[..., None] + j * (j - 1) / (2 * hop) * step[..., None]
    return turns.remainder(1.0).to(torch.promote_types(f0_hz.dtype, torch.float32))


class _Bank(torch.autograd.Function):
    """(R, hop) turns, (R, K) amplitudes at both ends of each hop, (R,) audible partials -> (R, hop) samples."""

    @staticmethod
    def forward(ctx: Any, turns: Tensor, start: Tensor, stop: Tensor, audible: Tensor) -> Tensor:
        ctx.save_for_backward(turns, start, stop, audible)
        out = torch.zeros_like(turns)
        for rows, width in _chunks(audible, turns):
            out[rows] = _polynomial(turns[rows], _blocks(start[rows], stop[rows], width)).imag
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        (grad,) = grad_outputs
        turns, start, stop, audible = ctx.saved_tensors
        wants_turns = ctx.needs_input_grad[0]
        grad_turns = torch.zeros_like(turns) if wants_turns else None
        grad_start, grad_stop = torch.zeros_like(start), torch.zeros_like(stop)
        for rows, width in _chunks(audible, turns):
            ends = _amplitude_gradient(turns[rows], grad[rows], width)
            grad_start[rows, :width], grad_stop[rows, :width] = ends[0][:, :width], ends[1][:, :width]
            if grad_turns is not None:
                k = torch.arange(1, start.shape[1] + 1, device=start.device, dtype=start.dtype)
                slope = _polynomial(turns[rows], _blocks(start[rows] * k, stop[rows] * k, width)).real
                grad_turns[rows] = 2 * math.pi * slope * grad[rows]
        return grad_turns, grad_start, grad_stop, None


def _chunks(audible: Tensor, turns: Tensor) -> list[tuple[Tensor, int]]:
    """Rows in groups of similar numbers of audible partials, and that number: inaudible ones cost nothing."""
    n_rows = max(1, _CHUNK_SAMPLES.get(turns.device.type, _CHUNK_SAMPLES_ELSEWHERE) // turns.shape[1])
    ordered, order = audible.sort(descending=True)
    widths = ordered[::n_rows].tolist()
    return [(rows, width) for rows, width in zip(order.split(n_rows), widths, strict=True) if width > 0]


def _block_size(width: int) -> int:
    return max(1, math.ceil(math.sqrt(width)))


def _blocks(start: Tensor, stop: Tensor, width: int) -> Tensor:
    """(R, K) amplitudes at both ends -> (R, 2, I, J), the first `width` partials in I blocks of J."""
    size = _block_size(width)
    padding = -width % size
    both = torch.stack([start[:, :width], stop[:, :width]], dim=1)
    return F.pad(both, (0, padding)).reshape(len(start), 2, -1, size)


def _powers(turns: Tensor, count: int) -> Tensor:
    """z^1 .. z^count of z = exp(i 2 pi turns), by doubling: (R, count, hop) complex."""
    angle = 2 * math.pi * turns
    powers = torch.polar(torch.ones_like(angle), angle)[:, None]
    while powers.shape[1] < count:
        powers = torch.cat([powers, powers * powers[:, -1:]], dim=1)
    return powers[:, :count]


def _ramp(turns: Tensor) -> Tensor:
    """Weight of a hop's far end at its samples: 0, 1/hop, ..."""
    return torch.arange(turns.shape[1], device=turns.device, dtype=turns.dtype) / turns.shape[1]


def _flat(powers: Tensor) -> Tensor:
    """(R, J, hop) complex -> (R, J, 2 hop) real, so that real amplitudes multiply it in one real product."""
    return torch.view_as_real(powers).flatten(-2)


def _polynomial(turns: Tensor, blocks: Tensor) -> Tensor:
    """(R, hop) turns, (R, 2, I, J) amplitudes -> (R, hop) complex sum_k a_k z^k."""
    n_rows, _, n_blocks, size = blocks.shape
    powers = _powers(turns, size).contiguous()
    inner = torch.bmm(blocks.reshape(n_rows, 2 * n_blocks, size), _flat(powers))
    inner = torch.view_as_complex(inner.reshape(n_rows, 2, n_blocks, turns.shape[1], 2))
    terms = torch.lerp(inner[:, 0], inner[:, 1], _ramp(turns).to(inner.dtype))
    base, total = powers[:, -1], terms[:, -1]
    for i in range(n_blocks - 2, -1, -1):
        total = torch.addcmul(terms[:, i], total, base)
    return total


def _amplitude_gradient(turns: Tensor, grad: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Gradient (R, hop) of the samples -> gradients (R, I J) of the amplitudes at both ends of the hop."""
    size = _block_size(width)
    n_blocks = -(-width // size)
    powers = _powers(turns, size).contiguous()
    outer = torch.cat([torch.ones_like(powers[:, :1]), _powers_of(powers[:, -1], n_blocks - 1)], dim=1)
    ramp = _ramp(turns)
    weighted = torch.cat([outer * (grad * (1 - ramp))[:, None], outer * (grad * ramp)[:, None]], dim=1)
    # Im(v z) = Im(v) Re(z) + Re(v) Im(z): the real product of (Im v, Re v) with (Re z, Im z)
    swapped = torch.view_as_real(weighted).flip(-1).flatten(-2)
    both = torch.bmm(swapped, _flat(powers).transpose(1, 2)).reshape(len(turns), 2, -1)
    return both[:, 0], both[:, 1]


def _powers_of(base: Tensor, count: int) -> Tensor:
    """base^1 .. base^count of (R, hop) complex numbers: (R, count, hop)."""
    powers = [base]
    for _ in range(count - 1):
        powers.append(powers[-1] * base)
    return torch.stack(powers[:count], dim=1) if count else base[:, None][:, :0]
