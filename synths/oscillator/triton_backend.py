"""The oscillator bank as two Triton kernels: float32 on a CUDA device.

Not run on a GPU yet: checked in Triton's interpreter only. Phases are whole numbers, a turn being 2^48: they wrap for
free and multiply exactly by the number of a partial.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

_BLOCK = 128  # samples, or partials, of one program


def forward(
    phase: Tensor, amplitudes: Tensor, audible: Tensor, window: Tensor, wants_slope: bool
) -> tuple[Tensor, Tensor]:
    """(B, F, 3) phase, (B, F, K) amplitudes, (B, F) audible, (hop,) window -> (B, F, hop) samples, slope or nothing."""
    n_frames, n_harmonics, hop = *amplitudes.shape[1:], window.shape[0]
    samples = amplitudes.new_empty(*audible.shape, hop)
    slope = torch.empty_like(samples) if wants_slope else amplitudes.new_empty(0)
    if audible.numel():
        _forward_kernel[(audible.numel(), triton.cdiv(hop, _BLOCK))](
            *(whole_turns(phase, hop), amplitudes, audible, window, samples, slope),
            *(n_frames, n_harmonics, hop),
            WANTS_SLOPE=wants_slope,
            BLOCK=_BLOCK,
        )
    return samples, slope


def backward(grad: Tensor, phase: Tensor, audible: Tensor, window: Tensor, n_harmonics: int) -> Tensor:
    """(B, F, hop) gradient of the samples, (B, F, 3) phase, ... -> (B, F, K) gradient of the amplitudes."""
    n_frames, hop = grad.shape[1:]
    near, far = grad.new_empty(2, *audible.shape, n_harmonics)
    if audible.numel():
        _backward_kernel[(audible.numel(), triton.cdiv(n_harmonics, _BLOCK))](
            *(grad, whole_turns(phase, hop), audible, window, near, far),
            *(n_frames, n_harmonics),
            HOP=hop,  # the interpreter loops over constants only
            BLOCK=_BLOCK,
        )
    near[:, 1:] += far[:, :-1]
    near[:, -1:] += far[:, -1:]
    return near


def whole_turns(phase: Tensor, hop: int) -> Tensor:
    """(B, F, 3) start, cycles and step in turns -> start, cycles and step / (2 hop) in whole numbers."""
    start, cycles, step = phase.unbind(-1)
    return (torch.stack([start, cycles, step / (2 * hop)], dim=-1) * 2.0**48).round().long()


@triton.jit
def _turns(phase_ptr, row, j):
    """Phase at samples j of a hop: all 32 bits are one turn, from minus a half to a half."""
    start, cycles = tl.load(phase_ptr + 3 * row), tl.load(phase_ptr + 3 * row + 1)
    curve = tl.load(phase_ptr + 3 * row + 2)
    j = j.to(tl.int64)
    return ((start + j * cycles + j * (j - 1) * curve) >> 16).to(tl.int32)


@triton.jit
def _forward_kernel(
    phase_ptr, amplitudes_ptr, audible_ptr, window_ptr, samples_ptr, slope_ptr,
    n_frames, n_harmonics, hop, WANTS_SLOPE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    far_row = tl.where((row + 1) % n_frames == 0, row, row + 1)
    j = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = j < hop
    window = tl.load(window_ptr + j, mask=inside, other=0.0)
    angle = _turns(phase_ptr, row, j).to(tl.float32) * 1.4629180792671596e-09  # 2 pi / 2^32
    step_cosine, step_sine = tl.cos(angle), tl.sin(angle)
    cosine, sine = step_cosine, step_sine
    samples = tl.zeros([BLOCK], tl.float32)
    slope = tl.zeros([BLOCK], tl.float32)
    near_audible, far_audible = tl.load(audible_ptr + row), tl.load(audible_ptr + far_row)
    k = 0
    while k < tl.maximum(near_audible, far_audible):  # a range of a loaded length fails in the interpreter
        near = tl.load(amplitudes_ptr + row * n_harmonics + k, mask=k < near_audible, other=0.0)
        far = tl.load(amplitudes_ptr + far_row * n_harmonics + k, mask=k < far_audible, other=0.0)
        amplitude = near + (far - near) * window
        samples += amplitude * sine
        if WANTS_SLOPE:
            slope += (k + 1) * amplitude * cosine
        turned = cosine * step_cosine - sine * step_sine
        sine = sine * step_cosine + cosine * step_sine
        cosine = turned
        k += 1
    tl.store(samples_ptr + row * hop + j, samples, mask=inside)
    if WANTS_SLOPE:
        tl.store(slope_ptr + row * hop + j, slope, mask=inside)


@triton.jit
def _backward_kernel(
    grad_ptr, phase_ptr, audible_ptr, window_ptr, near_ptr, far_ptr,
    n_frames, n_harmonics, HOP: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    far_row = tl.where((row + 1) % n_frames == 0, row, row + 1)
    k = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    near = tl.zeros([BLOCK], tl.float32)
    far = tl.zeros([BLOCK], tl.float32)
    for j in range(0, HOP):
        turns = _turns(phase_ptr, row, tl.full([1], 0, tl.int32) + j) * (k + 1)
        # a sine is the same on both sides of a quarter turn: only -1/4..1/4 is left, where the series is short
        turns = tl.where((turns ^ (turns << 1)) < 0, -2147483648 - turns, turns)
        x = turns.to(tl.float32) * 1.4629180792671596e-09
        q = x * x  # Taylor series
        series = 1.0 - q * (1 / 72) * (1.0 - q * (1 / 110) * (1.0 - q * (1 / 156)))
        series = 1.0 - q * (1 / 6) * (1.0 - q * (1 / 20) * (1.0 - q * (1 / 42) * series))
        weighted = x * series * tl.load(grad_ptr + row * HOP + j)
        change = weighted * tl.load(window_ptr + j)
        near += weighted - change
        far += change
    inside = k < n_harmonics
    near = tl.where(k < tl.load(audible_ptr + row), near, 0.0)
    far = tl.where(k < tl.load(audible_ptr + far_row), far, 0.0)
    tl.store(near_ptr + row * n_harmonics + k, near, mask=inside)
    tl.store(far_ptr + row * n_harmonics + k, far, mask=inside)
