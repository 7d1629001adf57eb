"""Partials at any frequency in compiled loops: float32 on the CPU, one partial of one hop at a time.

A hop is cut into short pieces. Within one, phase begins wrapped to half a turn either way and is counted in single
precision, which so few samples do not exhaust.
"""

import math

import numpy as np
from numba.extending import register_jitable
from torch import Tensor

from synths.oscillator.numba_backend import compiled, far_row, in_threads

_PIECE = 32
# Odd polynomial of sin(2 pi t) for t in -1/4..1/4, fitted at Chebyshev's nodes: 6e-7 off at most.
_S0, _S1 = np.float32(6.283163951), np.float32(-41.33713041)
_S2, _S3 = np.float32(81.34038614), np.float32(-70.98993302)


def forward(phase: Tensor, amplitudes: Tensor, window: Tensor) -> Tensor:
    """(B, F, K, 3) phase, (B, F, K) amplitudes, (hop,) window -> (B, F, hop) samples."""
    n_clips, n_frames, _ = amplitudes.shape
    samples = amplitudes.new_zeros(n_clips, n_frames, window.shape[0])
    given = [value.flatten(0, 1).numpy() for value in (phase, amplitudes, samples)]
    in_threads(_forward, amplitudes.shape, window, *given)
    return samples


def backward(grad: Tensor, phase: Tensor, window: Tensor) -> Tensor:
    """(B, F, hop) gradient of the samples, (B, F, K, 3) phase, (hop,) window -> (B, F, K) that of the amplitudes."""
    near, far = grad.new_empty(2, *phase.shape[:3])
    given = [value.flatten(0, 1).numpy() for value in (phase, grad, near, far)]
    in_threads(_backward, near.shape, window, *given)
    near[:, 1:] += far[:, :-1]
    near[:, -1:] += far[:, -1:]
    return near


@register_jitable
def _counts() -> np.ndarray:
    """(2, 32) whole numbers j from 0, and j (j - 1): converted once, because converting integers is slow."""
    counts = np.empty((2, _PIECE), np.float32)
    for j in range(_PIECE):
        counts[0, j], counts[1, j] = j, j * (j - 1)
    return counts


@register_jitable(inline="always")
def _in_piece(phase: np.ndarray, row: int, k: int, piece: int, hop: int) -> tuple[np.float32, ...]:
    """Phase of a partial at the first sample of a piece, per sample, and per sample squared, in single precision.

    A quarter of a turn on, so that the sine becomes an even function; within a turn, because float32 ends there.
    """
    first, bend = piece * _PIECE, phase[row, k, 2] / hop
    here = phase[row, k, 0] + first * (phase[row, k, 1] + (first - 1) * 0.5 * bend) - 0.25
    pace = phase[row, k, 1] + first * bend
    begin, each = here - math.floor(here + 0.5), pace - math.floor(pace + 0.5)
    return np.float32(begin), np.float32(each), np.float32(0.5 * bend)


@register_jitable(inline="always")
def _sine(turns: np.float32) -> np.float32:
    """Sine of a phase that is a quarter of a turn ahead."""
    turns -= np.float32(np.int32(turns))  # towards 0: of all roundings the one that is vectorised
    folded = abs(abs(turns) - np.float32(0.5)) - np.float32(0.25)
    q = folded * folded
    return folded * (_S0 + q * (_S1 + q * (_S2 + q * _S3)))


@compiled("void(f8[:, :, ::1], f4[:, ::1], f4[:, ::1], f4[::1], i8, i8, i8)")
def _forward(
    phase: np.ndarray,
    amplitudes: np.ndarray,
    samples: np.ndarray,
    window: np.ndarray,
    n_frames: int,
    first: int,
    last: int,
) -> None:
    hop, counts = len(window), _counts()
    n_pieces = -(-hop // _PIECE)
    own, windowed = np.empty((n_pieces, _PIECE), np.float32), np.empty((n_pieces, _PIECE), np.float32)
    for row in range(first, last):
        far = far_row(row, n_frames)
        own[:], windowed[:] = 0, 0
        for k in range(amplitudes.shape[1]):
            near, change = amplitudes[row, k], amplitudes[far, k] - amplitudes[row, k]
            if near != 0 or change != 0:
                for piece in range(n_pieces):
                    begin, each, curve = _in_piece(phase, row, k, piece, hop)
                    for i in range(_PIECE):
                        sine = _sine(begin + counts[0, i] * each + counts[1, i] * curve)
                        own[piece, i] += near * sine
                        windowed[piece, i] += change * sine
        for j in range(hop):
            samples[row, j] = own[j // _PIECE, j % _PIECE] + window[j] * windowed[j // _PIECE, j % _PIECE]


@compiled("void(f8[:, :, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[::1], i8, i8, i8)")
def _backward(
    phase: np.ndarray,
    grad: np.ndarray,
    near: np.ndarray,
    far: np.ndarray,
    window: np.ndarray,
    n_frames: int,
    first: int,
    last: int,
) -> None:
    hop, counts = len(window), _counts()
    n_pieces = -(-hop // _PIECE)
    own, windowed = np.zeros((n_pieces, _PIECE), np.float32), np.zeros((n_pieces, _PIECE), np.float32)
    for row in range(first, last):
        for j in range(hop):
            own[j // _PIECE, j % _PIECE], windowed[j // _PIECE, j % _PIECE] = grad[row, j], grad[row, j] * window[j]
        for k in range(near.shape[1]):
            whole, end = np.float32(0), np.float32(0)
            for piece in range(n_pieces):
                begin, each, curve = _in_piece(phase, row, k, piece, hop)
                for i in range(_PIECE):
                    sine = _sine(begin + counts[0, i] * each + counts[1, i] * curve)
                    whole += own[piece, i] * sine
                    end += windowed[piece, i] * sine
            near[row, k], far[row, k] = whole - end, end
