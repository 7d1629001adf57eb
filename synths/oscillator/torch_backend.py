"""The oscillator bank in batched matrix products: any device, float32 and float64.

Rows are hops. Chunks of rows share buffers small enough to stay in the cache; tables are (terms, rows, hop), so that
they are filled in long vectors, and enter the products as strided views.
"""

import functools
import math

import torch
from torch import Tensor

from synths.oscillator.phase import next_frame, phase_basis
from synths.precision import without_autocast

_CHUNK_SAMPLES = 20480
_CHUNK_SAMPLES_ELSEWHERE = 1 << 20
_PADDING = 80  # rows of a table must not start a power of two apart: they would share one set of the cache


def forward(
    phase: Tensor, amplitudes: Tensor, audible: Tensor, window: Tensor, wants_slope: bool
) -> tuple[Tensor, Tensor]:
    """(B, F, 3) phase, (B, F, K) amplitudes, (B, F) audible, (hop,) window -> (B, F, hop) samples, slope or nothing."""
    n_rows, hop = audible.numel(), window.shape[0]
    order, far, widths = _rows(audible)
    results = amplitudes.new_zeros(1 + wants_slope, n_rows, hop)
    near_audible, far_audible = audible.flatten()[order], audible.flatten()[far]
    buffers, phase, amplitudes = _Buffers(results), phase.flatten(0, 1)[order], amplitudes.flatten(0, 1)
    with without_autocast(results):
        for rows, width in _chunks(widths, hop):
            half, n_blocks = _blocks(width)
            cosines, sines, real, imaginary = _tables(phase[rows], window, half, n_blocks, buffers)
            padded = buffers("padded", len(cosines), 2, n_blocks * (2 * half + 1)).zero_()
            near, change = padded[..., half + 1 : half + 1 + width].unbind(1)
            _take(amplitudes, order[rows], near_audible[rows], near)
            _take(amplitudes, far[rows], far_audible[rows], change).sub_(near)
            even, odd = _weights(padded.unflatten(2, (n_blocks, -1)).transpose(1, 2), wants_slope, buffers)
            sums = buffers("sums", 2, *even.shape[:2], hop)
            even = torch.bmm(even, cosines, out=sums[0]).unflatten(1, (-1, n_blocks))
            odd = torch.bmm(odd, sines, out=sums[1]).unflatten(1, (-1, n_blocks))
            torch.sum(even[:, 0].mul_(imaginary).addcmul_(odd[:, 0], real), 1, out=results[0, rows])
            if wants_slope:
                even[:, 1].mul_(real).addcmul_(odd[:, 1], imaginary, value=-1)
                torch.sum(even[:, 1], 1, out=results[1, rows])
    unsorted = order.argsort()
    samples, *slope = (result[unsorted].unflatten(0, audible.shape) for result in results)
    return samples, slope[0] if wants_slope else samples.new_empty(0)


def backward(grad: Tensor, phase: Tensor, audible: Tensor, window: Tensor, n_harmonics: int) -> Tensor:
    """(B, F, hop) gradient of the samples, (B, F, 3) phase, ... -> (B, F, K) gradient of the amplitudes."""
    order, _, widths = _rows(audible)
    ends = grad.new_zeros(2, audible.numel(), n_harmonics)
    buffers, phase, grad = _Buffers(ends), phase.flatten(0, 1)[order], grad.flatten(0, 1)[order]
    with without_autocast(ends):
        for rows, width in _chunks(widths, window.shape[0]):
            half, n_blocks = _blocks(width)
            cosines, sines, real, imaginary = _tables(phase[rows], window, half, n_blocks, buffers)
            weighted = buffers("weighted", 2, *real.shape)
            torch.mul(imaginary, grad[rows, None], out=weighted[0])
            torch.mul(real, grad[rows, None], out=weighted[1])
            even = torch.bmm(weighted[0], cosines.transpose(1, 2)).unflatten(2, (2, -1))
            odd = torch.bmm(weighted[1], sines.transpose(1, 2)).unflatten(2, (2, -1))
            padded = buffers("padded", len(real), 2, n_blocks * (2 * half + 1))
            blocks = padded.unflatten(2, (n_blocks, -1)).transpose(1, 2)
            blocks[..., : half + 1] = torch.sub(even, odd).flip(-1)
            blocks[..., half] *= 2
            torch.add(even[..., 1:], odd[..., 1:], out=blocks[..., half + 1 :])
            near, change = padded[..., half + 1 : half + 1 + width].unbind(1)
            torch.sub(near, change, out=ends[0, rows, :width])
            ends[1, rows, :width] = change
    near, far = ends[:, order.argsort()].unflatten(1, audible.shape)
    near[:, 1:] += far[:, :-1]
    near[:, -1:] += far[:, -1:]
    return near.mul_(torch.arange(n_harmonics, device=grad.device) < audible[..., None])


class _Buffers:
    """Memory by name that the chunks take in turn, of the type and device of a tensor."""

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._held: dict[str, Tensor] = {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        size = math.prod(shape)
        if name not in self._held or len(self._held[name]) < size:
            self._held[name] = self._like.new_empty(size)
        return self._held[name][:size].view(shape)


def _rows(audible: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B * F,) rows, most audible partials first; those whose amplitudes are at their far ends; audible at either."""
    index = torch.arange(audible.numel(), device=audible.device).view_as(audible)
    widths, order = torch.maximum(audible, next_frame(audible)).flatten().sort(descending=True, stable=True)
    return order, next_frame(index).flatten()[order], widths


def _chunks(widths: Tensor, hop: int) -> list[tuple[slice, int]]:
    """Rows in groups of similar numbers of audible partials, and that number: inaudible ones cost nothing."""
    size = _CHUNK_SAMPLES * torch.get_num_threads() if widths.device.type == "cpu" else _CHUNK_SAMPLES_ELSEWHERE
    n_rows = max(1, size // hop)
    starts = range(0, len(widths), n_rows)
    widest = widths[::n_rows].tolist()
    return [(slice(at, at + n_rows), width) for at, width in zip(starts, widest, strict=True) if width > 0]


@functools.cache
def _blocks(width: int) -> tuple[int, int]:
    """M and the number of blocks that hold the partials up to width: a block costs about as much as two powers."""
    choices = [(half, 1 + math.ceil((width - half) / (2 * half + 1))) for half in range(1, width + 1)]
    return min(choices, key=lambda choice: choice[0] + 2 * choice[1])


def _tables(
    phase: Tensor, window: Tensor, half: int, n_blocks: int, buffers: _Buffers
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(R, 3) phase -> (R, 2 (M + 1), hop) cosines, sines of m = 0..M, plain and windowed; (R, I, hop) parts of z^c."""
    n_rows, hop = len(phase), window.shape[0]
    n_samples = n_rows * hop
    turns = phase @ phase_basis(hop, phase)
    angle = turns.sub_(turns.round()).to(window.dtype).mul_(2 * math.pi).flatten()
    cosines, sines = inner = buffers("inner", 2, 2 * (half + 1), n_samples + _PADDING)[..., :n_samples]
    cosines[0], sines[0] = 0.5, 0.0  # m = 0 counts as +m and as -m
    torch.cos(angle, out=cosines[1])
    torch.sin(angle, out=sines[1])
    _fill_powers(cosines[1 : half + 1], sines[1 : half + 1])
    torch.mul(inner[:, : half + 1], window.expand(n_rows, hop).flatten(), out=inner[:, half + 1 :])
    real, imaginary = buffers("outer", 2, n_blocks, n_samples + _PADDING)[..., :n_samples]
    real[0], imaginary[0] = 1.0, 0.0
    if n_blocks > 1:
        square = buffers("square", 2, n_samples)
        last = cosines[half], sines[half]
        _multiply(last, last, square)
        _multiply(square, (cosines[1], sines[1]), (real[1], imaginary[1]))
        _fill_powers(real[1:], imaginary[1:])
    cosines, sines, real, imaginary = (
        table.unflatten(1, (n_rows, hop)).transpose(0, 1) for table in (cosines, sines, real, imaginary)
    )
    return cosines, sines, real, imaginary


def _fill_powers(real: Tensor, imaginary: Tensor) -> None:
    """(n, N) real and imaginary parts of which the first is given: the rest become its powers, by doubling."""
    done = 1
    while done < len(real):
        more = min(done, len(real) - done)
        first, after = slice(0, more), slice(done, done + more)
        by = real[done - 1], imaginary[done - 1]
        _multiply((real[first], imaginary[first]), by, (real[after], imaginary[after]))
        done += more


def _multiply(a: tuple[Tensor, ...] | Tensor, b: tuple[Tensor, ...], out: tuple[Tensor, ...] | Tensor) -> None:
    """Product of complex numbers in two real parts: twice as fast as complex tensors."""
    (a_real, a_imaginary), (b_real, b_imaginary), (real, imaginary) = a, b, out
    torch.mul(a_real, b_real, out=real).addcmul_(a_imaginary, b_imaginary, value=-1)
    torch.mul(a_real, b_imaginary, out=imaginary).addcmul_(a_imaginary, b_real)


def _take(amplitudes: Tensor, rows: Tensor, audible: Tensor, out: Tensor) -> Tensor:
    """The first partials of these rows, the inaudible ones 0."""
    width = out.shape[1]
    sounds = torch.arange(width, device=rows.device) < audible[:, None]
    return torch.mul(amplitudes[:, :width].index_select(0, rows), sounds, out=out)


def _weights(blocks: Tensor, wants_slope: bool, buffers: _Buffers) -> tuple[Tensor, Tensor]:
    """(R, I, 2, J) amplitudes -> (R, I or 2 I, 2 (M + 1)) weights of cosines and of sines, then those of the slope."""
    n_rows, n_blocks, _, size = blocks.shape
    half = size // 2
    even, odd = buffers("weights", 2, n_rows, 1 + wants_slope, n_blocks, 2, half + 1)
    up, down = blocks[..., half:], blocks[..., : half + 1].flip(-1)
    torch.add(up, down, out=even[:, 0])
    torch.sub(up, down, out=odd[:, 0])
    if wants_slope:  # (c + m) up +- (c - m) down = c (up +- down) + m (up -+ down)
        centre = size * torch.arange(n_blocks, device=even.device, dtype=even.dtype)[:, None, None]
        m = torch.arange(half + 1, device=even.device, dtype=even.dtype)
        torch.mul(even[:, 0], centre, out=even[:, 1]).addcmul_(odd[:, 0], m)
        torch.mul(odd[:, 0], centre, out=odd[:, 1]).addcmul_(even[:, 0], m)
    return even.flatten(1, 2).flatten(2), odd.flatten(1, 2).flatten(2)
