"""Pure signal functions shared by parts, effects and descriptors."""

import math
from typing import Any, TypeVar

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.autograd.function import once_differentiable

Numbers = TypeVar("Numbers", Tensor, np.ndarray)


def hz_to_midi(f0_hz: Tensor) -> Tensor:
    """Frequency in Hz to MIDI note number (A4 = 440 Hz = 69); 0 Hz and below read as 1e-3 Hz."""
    return 12.0 * torch.log2(f0_hz.clamp_min(1e-3) / 440.0) + 69.0


def midi_to_hz(midi: Numbers) -> Numbers:
    """MIDI note numbers, a tensor or an array, to frequencies in Hz (69 = A4 = 440 Hz)."""
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def exp_sigmoid(x: Tensor, maximum: float = 2.0, threshold: float = 1e-7) -> Tensor:
    """Raw network output to a positive amplitude, 0..maximum, with gradient over decades (DDSP, eq. 5)."""
    return maximum * torch.sigmoid(x) ** math.log(10.0) + threshold


def interpolate_frames(values: Tensor, every: int, n_frames: int) -> Tensor:
    """(B, ceil(F / every), C) known in every `every`-th frame -> (B, F, C), in lines between, the last held."""
    if every == 1:
        return values
    frame = torch.arange(n_frames, device=values.device)
    before = frame // every
    after = (before + 1).clamp_max(values.shape[1] - 1)
    share = ((frame % every) / every).to(values.dtype)
    return torch.lerp(values[:, before], values[:, after], share[:, None])


def fft_convolve(audio: Tensor, impulse: Tensor) -> Tensor:
    """Convolve (B, N) audio with one (R,) impulse response; the first N samples of the result. Differentiable once."""
    return _Convolution.apply(audio, impulse)


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Sum (B, F, S * hop) frames, each starting one hop after the last, to (B, (F + S - 1) * hop)."""
    batch, n_frames, length = frames.shape
    n_segments = length // hop
    segments = frames.reshape(batch, n_frames, n_segments, hop)
    out = frames.new_zeros(batch, n_frames + n_segments - 1, hop)
    for s in range(n_segments):
        out[:, s : s + n_frames] += segments[:, :, s]
    return out.reshape(batch, -1)


class _Convolution(torch.autograd.Function):
    """(B, N) audio, (R,) impulse -> (B, N), with correlations as its gradients.

    Autograd would take the adjoint of a real FFT by a complex one of twice the size.
    """

    @staticmethod
    def forward(ctx: Any, audio: Tensor, impulse: Tensor) -> Tensor:
        n_samples, ctx.reach = audio.shape[-1], impulse.shape[-1]
        # A 5-smooth length costs half of the next power of two; the impulse is transformed once, not per clip.
        ctx.n_fft = next_fast_len(n_samples + ctx.reach - 1, real=True)
        spectrum, response = torch.fft.rfft(audio, ctx.n_fft), torch.fft.rfft(impulse, ctx.n_fft)
        ctx.save_for_backward(spectrum, response)
        return torch.fft.irfft(spectrum * response, ctx.n_fft)[..., :n_samples]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, Tensor | None]:
        spectrum, response = ctx.saved_tensors
        grad = torch.fft.rfft(grad_outputs[0], ctx.n_fft)
        grad_audio = grad_impulse = None
        if ctx.needs_input_grad[1]:
            correlation = (grad * spectrum.conj()).flatten(0, -2).sum(0)
            grad_impulse = torch.fft.irfft(correlation, ctx.n_fft)[: ctx.reach]
        if ctx.needs_input_grad[0]:
            n_samples = grad_outputs[0].shape[-1]
            grad_audio = torch.fft.irfft(grad * response.conj(), ctx.n_fft)[..., :n_samples]
        return grad_audio, grad_impulse
