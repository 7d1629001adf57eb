"""The reconstruction loss: spectra at several resolutions, value and gradient in a single pass.

Autograd would keep every spectrum of every resolution until the backward. Here the gradient is computed beside the
value while a chunk of spectra is still in the cache, and only it is kept: a tensor of the size of the audio.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from synths import ClipFormat
from synths.signal import overlap_add

EPSILON = 1e-8  # powers below are one silence; auraloss's value
OVERLAP = 4  # windows over each sample

_CHUNK_SAMPLES = {"cpu": 1 << 18}  # samples of the frames of one chunk, which stay in the cache of a core
_CHUNK_SAMPLES_ELSEWHERE = 1 << 24


class MultiResolution(nn.Module):
    """Distance of STFT magnitudes, linear and logarithmic, at several window lengths (Engel et al. 2020, eq. 6).

    Blind to phase: a synth that renders the right spectrum is not asked for the recording's phases. Computed in
    float32 at least, under autocast too; differentiable once, in the output only.

    Args:
        clip: format of the run
        windows_s: window lengths; each is rounded down to a power of two samples, with 75 % overlap
        linear: weight of the linear magnitudes
        logarithmic: weight of the log magnitudes
    """

    def __init__(
        self,
        clip: ClipFormat,
        windows_s: tuple[float, ...] = (0.128, 0.064, 0.032, 0.016),
        linear: float = 1.0,
        logarithmic: float = 1.0,
    ) -> None:
        super().__init__()
        self.sizes = window_sizes(clip, windows_s)
        self.linear = linear
        self.logarithmic = logarithmic

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """(B, N) output and target audio -> scalar, the mean over resolutions.

        Raises:
            ValueError: the shapes differ, or the target requires a gradient
        """
        if output.shape != target.shape:
            raise ValueError(f"output has shape {tuple(output.shape)} and target {tuple(target.shape)}: one is wanted.")
        if target.requires_grad and torch.is_grad_enabled():
            raise ValueError("the target requires a gradient, which this loss has not: detach it.")
        dtype = torch.promote_types(torch.promote_types(output.dtype, target.dtype), torch.float32)
        wants_gradient = output.requires_grad and torch.is_grad_enabled()
        with torch.autocast(output.device.type, enabled=False):
            return _SinglePass.apply(
                output.to(dtype), target.to(dtype), self.sizes, self.linear, self.logarithmic, wants_gradient
            )


def window_sizes(clip: ClipFormat, windows_s: tuple[float, ...]) -> list[int]:
    """Window lengths in seconds, each rounded down to a power of two samples; ValueError where one does not fit."""
    # The length of a negative number in bits is that of its amount.
    fit = [window_s for window_s in windows_s if 0.0 < window_s <= clip.duration_s]
    sizes = [1 << round(window_s * clip.sample_rate).bit_length() - 1 for window_s in fit]
    if len(fit) < len(windows_s) or min(sizes, default=0) < 16:
        raise ValueError(f"windows_s {windows_s} do not fit clips of {clip.duration_s:.3g} s: choose 0.001 s to that.")
    return sizes


class _SinglePass(torch.autograd.Function):
    """(B, N) output and target, window sizes, weights of the magnitudes, whether a gradient is wanted -> scalar."""

    @staticmethod
    def forward(
        ctx: Any, output: Tensor, target: Tensor, sizes: list[int], linear: float, logarithmic: float, wants: bool
    ) -> Tensor:
        windows = [torch.hann_window(size, dtype=output.dtype, device=output.device) for size in sizes]
        count = len(output) * len(sizes)
        weights = linear / count, logarithmic / count
        chunk = _CHUNK_SAMPLES.get(output.device.type, _CHUNK_SAMPLES_ELSEWHERE)
        items = max(1, chunk // (OVERLAP * output.shape[1]))
        value, gradients = output.new_zeros(()), []
        for pair in zip(output.split(items), target.split(items), strict=True):
            reach = max(sizes) // 2
            padded, padded_target = (F.pad(audio, (reach, reach), mode="reflect") for audio in pair)
            gradient = torch.zeros_like(padded) if wants else None
            value += _resolutions(padded, padded_target, gradient, windows, weights, chunk)
            if gradient is not None:
                gradients.append(_unreflect(gradient, reach))
        if wants:
            ctx.save_for_backward(torch.cat(gradients))
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grad_outputs[0], None, None, None, None, None


def _resolutions(
    output: Tensor,
    target: Tensor,
    gradient: Tensor | None,
    windows: list[Tensor],
    weights: tuple[float, float],
    chunk: int,
) -> Tensor:
    """Sum of the distances of (B, L) padded audio over clips and windows; adds its slope to the (B, L) gradient."""
    value = output.new_zeros(())
    for window in windows:
        # within the padding that the longest window needs, as torch.stft would pad for this one
        margin = (max(map(len, windows)) - len(window)) // 2
        inner = slice(margin, output.shape[1] - margin)
        part = None if gradient is None else gradient[:, inner]
        value += _resolution(output[:, inner], target[:, inner], part, window, weights, chunk)
    return value


def _resolution(
    output: Tensor, target: Tensor, gradient: Tensor | None, window: Tensor, weights: tuple[float, float], chunk: int
) -> Tensor:
    """Mean distance at one window of (B, L) padded audio, a sum over clips; adds its slope to the (B, L) gradient."""
    size, start = len(window), 0
    hop, half_window = size // OVERLAP, 0.5 * window
    frames = [audio.unfold(-1, size, hop) for audio in (output, target)]
    n_frames = frames[0].shape[1]
    linear, logarithmic = (weight / (n_frames * (size // 2 + 1)) for weight in weights)
    n_parts = min(max(1, round(frames[0].numel() / chunk)), n_frames)
    value = output.new_zeros(())
    for outputs, targets in zip(*(each.tensor_split(n_parts, dim=1) for each in frames), strict=True):
        target_power = _power(torch.fft.rfft(targets * window))
        spectrum = torch.fft.rfft(outputs * window)
        distance, slope = _distance(_power(spectrum), target_power, linear, logarithmic)
        value += distance
        if gradient is not None:
            # rfft's adjoint is half of irfft without its factor, save for the two ends, which irfft does not mirror
            slope[..., :: size // 2] *= 2.0
            samples = torch.fft.irfft(spectrum.mul_(slope), size, norm="forward").mul_(half_window)
            gradient[:, start : start + (outputs.shape[1] - 1) * hop + size] += overlap_add(samples, hop)
            start += outputs.shape[1] * hop
    return value


def _power(spectrum: Tensor) -> Tensor:
    """Squared magnitudes, clamped."""
    # a third of the time of abs, or of a sum over the last dimension
    squares = torch.view_as_real(spectrum).square()
    return (squares[..., 0] + squares[..., 1]).clamp_min_(EPSILON)


def _distance(output: Tensor, target: Tensor, linear: float, logarithmic: float) -> tuple[Tensor, Tensor]:
    """Powers -> weighted L1 distance of the magnitudes; its slope by the output's spectrum, per spectrum.

    Both terms have the sign s of the same difference: for a magnitude m the slope by the complex spectrum X is
    s (linear + logarithmic / m) X / m, and 0 where m is clamped.
    """
    inverse = output.rsqrt()
    difference = (output * inverse).sub_(target * target.rsqrt())
    log_ratio = (output / target).log_()
    sign = difference.sign()
    value = linear * torch.dot(sign.view(-1), difference.view(-1))
    value += 0.5 * logarithmic * torch.dot(sign.view(-1), log_ratio.view(-1))
    slope = (logarithmic * inverse).add_(linear).mul_(inverse).mul_(sign)
    # the clamp's own derivative: 0 where it holds
    return value, torch.ops.aten.threshold_backward(slope, output, EPSILON)


def _unreflect(padded: Tensor, reach: int) -> Tensor:
    """Adjoint of padding by reflection: (B, N + 2 reach) -> (B, N)."""
    inner = padded[:, reach:-reach].clone()
    inner[:, 1 : reach + 1] += padded[:, :reach].flip(1)
    inner[:, -reach - 1 : -1] += padded[:, -reach:].flip(1)
    return inner
