"""Partials at any frequency as two Triton kernels: float32 on a CUDA device.

Not run on a GPU yet: checked in Triton's interpreter only. Phases are whole numbers, as in `triton_backend`.
"""

import triton
import triton.language as tl
from torch import Tensor

from synths.oscillator.phase import next_frame
from synths.oscillator.triton_backend import whole_turns

_BLOCK = 128  # samples, or partials, of one program


def forward(phase: Tensor, amplitudes: Tensor, window: Tensor) -> Tensor:
    """(B, F, K, 3) phase, (B, F, K) amplitudes, (hop,) window -> (B, F, hop) samples."""
    n_partials, hop = amplitudes.shape[-1], window.shape[0]
    samples = amplitudes.new_empty(*amplitudes.shape[:2], hop)
    if samples.numel():
        change = next_frame(amplitudes) - amplitudes
        _forward_kernel[(samples.numel() // hop, triton.cdiv(hop, _BLOCK))](
            *(whole_turns(phase, hop), amplitudes, change, window, samples, hop), N_PARTIALS=n_partials, BLOCK=_BLOCK
        )
    return samples


def backward(grad: Tensor, phase: Tensor, window: Tensor) -> Tensor:
    """(B, F, hop) gradient of the samples, (B, F, K, 3) phase, (hop,) window -> (B, F, K) that of the amplitudes."""
    n_partials, hop = phase.shape[2], window.shape[0]
    near, far = grad.new_empty(2, *phase.shape[:3])
    if near.numel():
        _backward_kernel[(near.numel() // n_partials, triton.cdiv(n_partials, _BLOCK))](
            *(grad, whole_turns(phase, hop), window, near, far, n_partials), HOP=hop, BLOCK=_BLOCK
        )
    near[:, 1:] += far[:, :-1]
    near[:, -1:] += far[:, -1:]
    return near


@triton.jit
def _sines(start, cycles, curve, j):
    """Sines at samples j of a hop of phases in whole numbers, a turn being 2^48."""
    j = j.to(tl.int64)
    turns = ((start + j * cycles + j * (j - 1) * curve) >> 16).to(tl.int32)
    # a sine is the same on both sides of a quarter turn: only -1/4..1/4 is left, where the series is short
    turns = tl.where((turns ^ (turns << 1)) < 0, -2147483648 - turns, turns)
    x = turns.to(tl.float32) * 1.4629180792671596e-09  # 2 pi / 2^32
    q = x * x  # Taylor series
    series = 1.0 - q * (1 / 72) * (1.0 - q * (1 / 110) * (1.0 - q * (1 / 156)))
    return x * (1.0 - q * (1 / 6) * (1.0 - q * (1 / 20) * (1.0 - q * (1 / 42) * series)))


@triton.jit
def _forward_kernel(
    phase_ptr, amplitudes_ptr, change_ptr, window_ptr, samples_ptr, hop, N_PARTIALS: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    j = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = j < hop
    window = tl.load(window_ptr + j, mask=inside, other=0.0)
    samples = tl.zeros([BLOCK], tl.float32)
    for k in range(0, N_PARTIALS):
        at = row * N_PARTIALS + k
        start, cycles = tl.load(phase_ptr + 3 * at), tl.load(phase_ptr + 3 * at + 1)
        sines = _sines(start, cycles, tl.load(phase_ptr + 3 * at + 2), j)
        samples += (tl.load(amplitudes_ptr + at) + tl.load(change_ptr + at) * window) * sines
    tl.store(samples_ptr + row * hop + j, samples, mask=inside)


@triton.jit
def _backward_kernel(
    grad_ptr, phase_ptr, window_ptr, near_ptr, far_ptr, n_partials, HOP: tl.constexpr, BLOCK: tl.constexpr
):
    row = tl.program_id(0).to(tl.int64)
    k = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside, at = k < n_partials, row * n_partials + k
    start = tl.load(phase_ptr + 3 * at, mask=inside, other=0)
    cycles = tl.load(phase_ptr + 3 * at + 1, mask=inside, other=0)
    curve = tl.load(phase_ptr + 3 * at + 2, mask=inside, other=0)
    near = tl.zeros([BLOCK], tl.float32)
    far = tl.zeros([BLOCK], tl.float32)
    for j in range(0, HOP):
        weighted = _sines(start, cycles, curve, tl.full([1], 0, tl.int32) + j) * tl.load(grad_ptr + row * HOP + j)
        change = weighted * tl.load(window_ptr + j)
        near += weighted - change
        far += change
    tl.store(near_ptr + at, near, mask=inside)
    tl.store(far_ptr + at, far, mask=inside)
