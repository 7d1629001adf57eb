"""The oscillator bank in compiled loops: float32 on the CPU, one hop at a time, vectorised over its samples.

Explicit signatures, so that there is one compiled form of each kernel and it is made once; results are cached on disk.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import torch
from numba.extending import register_jitable
from torch import Tensor

_HALF = 4  # M; the loops over it are unrolled, and more would not stay in registers
_SIZE = 2 * _HALF + 1
_S = tuple(
    (-1.0) ** n / math.factorial(2 * n + 1) for n in range(8)
)  # Taylor series of sin(x) / x and of cos(x) in x^2
_C = tuple((-1.0) ** n / math.factorial(2 * n) for n in range(8))
_THREADED_WORK = 1 << 22  # partials times samples worth starting threads for


def forward(
    phase: Tensor, amplitudes: Tensor, audible: Tensor, window: Tensor, wants_slope: bool
) -> tuple[Tensor, Tensor]:
    """(B, F, 3) phase, (B, F, K) amplitudes, (B, F) audible, (hop,) window -> (B, F, hop) samples, slope or nothing."""
    samples = amplitudes.new_empty(*audible.shape, window.shape[0])
    slope = torch.empty_like(samples) if wants_slope else samples[:, :, :0]
    given = [value.flatten(0, 1).numpy() for value in (phase, amplitudes, audible)]
    results = [value.flatten(0, 1).numpy() for value in (samples, slope)]
    in_threads(_forward, amplitudes.shape, window, *given, *results)
    return samples, slope if wants_slope else amplitudes.new_empty(0)


def backward(grad: Tensor, phase: Tensor, audible: Tensor, window: Tensor, n_harmonics: int) -> Tensor:
    """(B, F, hop) gradient of the samples, (B, F, 3) phase, ... -> (B, F, K) gradient of the amplitudes."""
    gradient = grad.new_empty(*audible.shape, n_harmonics)
    given = [value.flatten(0, 1).numpy() for value in (phase, grad, audible, gradient)]
    in_threads(_backward, gradient.shape, window, *given)
    return gradient


def in_threads(kernel: Callable[..., None], shape: torch.Size, window: Tensor, *arrays: np.ndarray) -> None:
    """Call a kernel on all rows of (clips, frames, partials), shared among the threads of torch where that pays."""
    n_clips, n_frames, n_harmonics = shape
    n_rows = n_clips * n_frames
    threads = torch.get_num_threads() if n_rows * n_harmonics * len(window) >= _THREADED_WORK else 1
    bounds = [n_rows * part // threads for part in range(threads + 1)]
    work = [(*arrays, window.numpy(), n_frames, first, last) for first, last in pairwise(bounds)]
    if threads == 1:
        kernel(*work[0])
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda given: kernel(*given), work))


def compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`numba.njit` of one signature, cached on disk where a folder can be written."""

    def compile_(function: Callable[..., Any]) -> Callable[..., Any]:
        # sums may be reordered, to be vectorised; infinities and NaN keep their meaning
        compiler = partial(
            numba.njit, signature, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"}
        )
        try:
            return compiler(cache=True)(function)
        except RuntimeError:  # no folder to write to
            return compiler()(function)

    return compile_


@register_jitable(inline="always")
def far_row(row: int, n_frames: int) -> int:
    """Row whose amplitudes are at the far end: the next one, in the last frame itself."""
    return row + 1 if (row + 1) % n_frames else row


@register_jitable(inline="always")
def _add_angles(cosines: np.ndarray, sines: np.ndarray, one: int, other: int, total: int) -> None:
    """Row `total` of the table from the rows of the angles that add up to it."""
    for j in range(cosines.shape[1]):
        a, b, c, d = cosines[one, j], sines[one, j], cosines[other, j], sines[other, j]
        cosines[total, j] = a * c - b * d
        sines[total, j] = a * d + b * c


@register_jitable(inline="always")
def _fill_table(start: float, cycles: float, step: float, cosines: np.ndarray, sines: np.ndarray) -> None:
    """Cosines and sines of m = 1..M times the phase in row m, and of J times it in the last."""
    hop = cosines.shape[1]
    curve = step / (2 * hop)
    for j in range(hop):
        turns = start + j * (cycles + (j - 1) * curve)
        # Taylor series of half the angle, -pi/2..pi/2: unlike calls of sin and cos they are vectorised
        x = math.pi * (turns - math.floor(turns + 0.5))
        q = x * x
        sine = x * (1 + q * (_S[1] + q * (_S[2] + q * (_S[3] + q * (_S[4] + q * (_S[5] + q * _S[6]))))))
        cosine = 1 + q * (_C[1] + q * (_C[2] + q * (_C[3] + q * (_C[4] + q * (_C[5] + q * (_C[6] + q * _C[7]))))))
        cosines[1, j] = 1 - 2 * sine * sine
        sines[1, j] = 2 * sine * cosine
    for m in range(2, _HALF + 1):
        _add_angles(cosines, sines, m - 1, 1, m)
    _add_angles(cosines, sines, _HALF, _HALF, _HALF + 1)
    _add_angles(cosines, sines, _HALF + 1, 1, _HALF + 1)


@register_jitable(inline="always")
def _fill_partials(amplitudes: np.ndarray, audible: np.ndarray, row: int, far: int, partials: np.ndarray) -> int:
    """[0]: amplitudes at the start of the hop, and their change to its end; [1]: k times these. Returns the blocks."""
    width = max(audible[row], audible[far])
    n_blocks = 1 + (width + _HALF) // _SIZE
    for k in range(n_blocks * _SIZE):
        partials[0, 0, k], partials[0, 1, k], partials[1, 0, k], partials[1, 1, k] = 0, 0, 0, 0
    for k in range(1, width + 1):
        near = amplitudes[row, k - 1] if k <= audible[row] else np.float32(0)
        change = (amplitudes[far, k - 1] if k <= audible[far] else np.float32(0)) - near
        partials[0, 0, _HALF + k], partials[0, 1, _HALF + k] = near, change
        partials[1, 0, _HALF + k], partials[1, 1, _HALF + k] = k * near, k * change
    return n_blocks


@register_jitable(inline="always")
def _add_block(
    partials: np.ndarray,
    order: int,
    centre: int,
    window: np.ndarray,
    weights: np.ndarray,
    cosines: np.ndarray,
    sines: np.ndarray,
    real: np.ndarray,
    imaginary: np.ndarray,
) -> None:
    """Horner's rule: the total times z^J, plus the block of amplitudes around the centre."""
    for end in range(2):
        for m in range(_HALF + 1):
            up, down = partials[order, end, centre + m], partials[order, end, centre - m]
            weights[end, m], weights[end + 2, m] = up + down, up - down
    start, change = partials[order, 0, centre], partials[order, 1, centre]
    for j in range(len(window)):
        w = window[j]
        block_real, block_imaginary = start + w * change, np.float32(0)
        for m in range(1, _HALF + 1):
            block_real += (weights[0, m] + w * weights[1, m]) * cosines[m, j]
            block_imaginary += (weights[2, m] + w * weights[3, m]) * sines[m, j]
        a, b, c, d = real[order, j], imaginary[order, j], cosines[_HALF + 1, j], sines[_HALF + 1, j]
        real[order, j] = a * c - b * d + block_real
        imaginary[order, j] = a * d + b * c + block_imaginary


@compiled("void(f8[:, ::1], f4[:, ::1], i8[::1], f4[:, ::1], f4[:, ::1], f4[::1], i8, i8, i8)")
def _forward(
    phase: np.ndarray,
    amplitudes: np.ndarray,
    audible: np.ndarray,
    samples: np.ndarray,
    slope: np.ndarray,
    window: np.ndarray,
    n_frames: int,
    first: int,
    last: int,
) -> None:
    hop = len(window)
    cosines, sines = np.empty((_HALF + 2, hop), np.float32), np.empty((_HALF + 2, hop), np.float32)
    partials = np.empty((2, 2, amplitudes.shape[1] + 2 * _SIZE), np.float32)
    weights = np.empty((4, _HALF + 1), np.float32)
    real, imaginary = np.empty((2, hop), np.float32), np.empty((2, hop), np.float32)
    n_orders = 2 if slope.shape[1] else 1
    for row in range(first, last):
        n_blocks = _fill_partials(amplitudes, audible, row, far_row(row, n_frames), partials)
        _fill_table(phase[row, 0], phase[row, 1], phase[row, 2], cosines, sines)
        for j in range(hop):
            real[0, j], imaginary[0, j], real[1, j], imaginary[1, j] = 0, 0, 0, 0
        for block in range(n_blocks - 1, -1, -1):
            for order in range(n_orders):
                centre = block * _SIZE + _HALF
                _add_block(partials, order, centre, window, weights, cosines, sines, real, imaginary)
        for j in range(hop):
            samples[row, j] = imaginary[0, j]
        for j in range(slope.shape[1]):
            slope[row, j] = real[1, j]


@register_jitable(inline="always")
def _project(
    real: np.ndarray,
    imaginary: np.ndarray,
    centre: int,
    window: np.ndarray,
    weighted: np.ndarray,
    cosines: np.ndarray,
    sines: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Gradient times z^c -> that of the amplitudes around c, plain and windowed; then on to the next centre."""
    own, windowed = np.float32(0), np.float32(0)
    for j in range(len(window)):
        weighted[0, j], weighted[1, j] = window[j] * real[j], window[j] * imaginary[j]
        own += imaginary[j]
        windowed += window[j] * imaginary[j]
    ends[0, centre], ends[1, centre] = own, windowed
    for m in range(1, _HALF + 1):
        even, odd, even_windowed, odd_windowed = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for j in range(len(window)):
            even += imaginary[j] * cosines[m, j]
            odd += real[j] * sines[m, j]
            even_windowed += weighted[1, j] * cosines[m, j]
            odd_windowed += weighted[0, j] * sines[m, j]
        ends[0, centre + m], ends[0, centre - m] = even + odd, even - odd
        ends[1, centre + m], ends[1, centre - m] = even_windowed + odd_windowed, even_windowed - odd_windowed
    for j in range(len(window)):
        a, b, c, d = real[j], imaginary[j], cosines[_HALF + 1, j], sines[_HALF + 1, j]
        real[j] = a * c - b * d
        imaginary[j] = a * d + b * c


@compiled("void(f8[:, ::1], f4[:, ::1], i8[::1], f4[:, ::1], f4[::1], i8, i8, i8)")
def _backward(
    phase: np.ndarray,
    grad: np.ndarray,
    audible: np.ndarray,
    gradient: np.ndarray,
    window: np.ndarray,
    n_frames: int,
    first: int,
    last: int,
) -> None:
    hop, n_harmonics = len(window), gradient.shape[1]
    cosines, sines = np.empty((_HALF + 2, hop), np.float32), np.empty((_HALF + 2, hop), np.float32)
    ends = np.empty((2, n_harmonics + 2 * _SIZE), np.float32)
    real, imaginary, weighted = np.empty(hop, np.float32), np.empty(hop, np.float32), np.empty((2, hop), np.float32)
    carried = np.zeros(n_harmonics, np.float32)  # what the hop before gives to the amplitudes at its end
    for row in range(max(first - 1, 0), last):
        far, frame = far_row(row, n_frames), row % n_frames
        _fill_table(phase[row, 0], phase[row, 1], phase[row, 2], cosines, sines)
        for j in range(hop):
            real[j], imaginary[j] = grad[row, j], 0
        for block in range(1 + (max(audible[row], audible[far]) + _HALF) // _SIZE):
            _project(real, imaginary, block * _SIZE + _HALF, window, weighted, cosines, sines, ends)
        if row >= first:
            for k in range(n_harmonics):
                near = ends[0, _HALF + 1 + k] - (np.float32(0) if far == row else ends[1, _HALF + 1 + k])
                near += carried[k] if frame else np.float32(0)
                gradient[row, k] = near if k < audible[row] else np.float32(0)
        for k in range(n_harmonics):
            carried[k] = ends[1, _HALF + 1 + k] if k < audible[far] else np.float32(0)
