"""The noise layer: white noise through a filter that changes every frame."""

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor
from torch.autograd.function import once_differentiable

from synths.clip import ClipFormat
from synths.part import Part
from synths.precision import full_precision
from synths.signal import exp_sigmoid, overlap_add

if TYPE_CHECKING:
    from synths.streaming import StreamingNoise

_CHUNK_SAMPLES = {"cpu": 1 << 18}  # samples of the frames of one chunk, which stay in the cache of a core
_CHUNK_SAMPLES_ELSEWHERE = 1 << 24


class FilteredNoise(Part):
    """Noise shaped by M frequency-sampled magnitudes per frame (Engel et al. 2020, section 3.4).

    Band magnitudes -> zero-phase impulse response -> Hann window -> spectrum is linear, so it is one fixed real
    matrix; each frame of noise is filtered by it and overlap-added.

    The noise is fresh at every call, unless `parameters` holds `white_noise`, (B, F, hop) and uniform in -1..1: for a
    render that can be repeated, and for an exported graph, which draws nothing.

    Args:
        clip: format of the run
        n_bands: M, evenly spaced from 0 Hz to Nyquist; by default one every 125 Hz
    """

    wants_noise = True
    response: Tensor

    def __init__(self, clip: ClipFormat, n_bands: int | None = None) -> None:
        super().__init__()
        self.clip = clip
        self.n_bands = round(clip.nyquist_hz / 125.0) + 1 if n_bands is None else n_bands
        if self.n_bands < 2:
            raise ValueError(f"n_bands is {self.n_bands}: a filter needs at least 2.")
        self.sizes = {"noise_bands": self.n_bands}
        self.half_length = self.n_bands - 1
        n_segments = math.ceil(next_fast_len(clip.hop + 2 * self.half_length) / clip.hop)
        self.n_fft = clip.hop * n_segments
        self.register_buffer("response", noise_response(self.n_bands, self.n_fft), persistent=False)

    def magnitudes(self, parameters: dict[str, Tensor]) -> Tensor:
        """Raw parameters -> (B, F, M) gains of the bands."""
        # -5: a network that knows nothing starts near silence instead of near full noise
        return exp_sigmoid(parameters["noise_bands"] - 5.0)

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Its gains, under their name in `Layers`."""
        return {"noise_magnitudes": self.magnitudes(parameters)}

    def start(self, tone: float, noise: float, noise_rise: float) -> dict[str, Tensor]:
        """All bands sound, rising in a line."""
        return {"noise_bands": noise + noise_rise * torch.linspace(-0.5, 0.5, self.n_bands)}

    def streaming(self) -> "StreamingNoise":
        """The noise, late by what its filters reach back."""
        from synths.streaming.noise import StreamingNoise  # which knows the part

        return StreamingNoise(self)

    def play(self, f0_hz: Tensor, played: dict[str, Tensor], white_noise: Tensor | None = None) -> Tensor:
        """(B, F, M) gains -> (B, N) audio."""
        magnitudes = played["noise_magnitudes"]
        if white_noise is None:
            white_noise = fresh_noise(f0_hz, self.clip.hop, magnitudes)
        return self.filter(white_noise, magnitudes)

    def filter(self, noise: Tensor, magnitudes: Tensor) -> Tensor:
        """Filter (B, F, hop) noise by (B, F, M) magnitudes: (B, F * hop) audio, without delay.

        Differentiable once, in both; float32-exact matrix products whatever the run allows elsewhere.
        """
        expected = (*magnitudes.shape[:2], self.clip.hop)
        if noise.shape != expected:
            raise ValueError(f"the noise has shape {tuple(noise.shape)}; the magnitudes want {expected}.")
        dtype = torch.promote_types(magnitudes.dtype, torch.float32)
        response = self.response.to(dtype)
        with torch.autocast(noise.device.type, enabled=False):
            return _FilteredFrames.apply(noise.to(dtype), magnitudes.to(dtype), response, self.half_length, self.n_fft)


def fresh_noise(f0_hz: Tensor, hop: int, like: Tensor) -> Tensor:
    """(B, F) pitch -> (B, F, hop) noise, uniform in -1..1."""
    return 2.0 * torch.rand(*f0_hz.shape, hop, device=like.device, dtype=like.dtype) - 1.0


class _FilteredFrames(torch.autograd.Function):
    """(B, F, hop) noise, (B, F, M) magnitudes, (M, bins) response, its reach, size of the FFT -> (B, F * hop) audio.

    With N the spectrum of a frame's noise, H = magnitudes @ response its filter and G the spectrum of the gradient over
    its reach, the gradient of H is Re(conj(N) G): the same matrix takes it back to the bands. The filter is zero-phase,
    hence its own adjoint: the gradient of the noise is the gradient filtered. One chunk of frames at a time.
    """

    @staticmethod
    def forward(ctx: Any, noise: Tensor, magnitudes: Tensor, response: Tensor, reach: int, n_fft: int) -> Tensor:
        hop = noise.shape[2]
        out = noise.new_zeros(len(noise), noise.shape[1] * hop + n_fft - hop)
        spectra = []
        for frames in _chunks(noise, n_fft):
            # The zero-phase response reaches to both sides: start each frame that far into its buffer.
            spectrum = torch.fft.rfft(F.pad(noise[:, frames], (reach, n_fft - hop - reach)), n_fft)
            filtered = torch.fft.irfft(spectrum * _product(magnitudes[:, frames], response), n_fft)
            out[:, frames.start * hop : frames.stop * hop + n_fft - hop] += overlap_add(filtered, hop)
            spectra.append(spectrum)
        ctx.save_for_backward(noise, magnitudes, response, *spectra)
        ctx.reach, ctx.n_fft = reach, n_fft
        return out[:, reach : reach + noise.shape[1] * hop]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        noise, magnitudes, response, *spectra = ctx.saved_tensors
        hop, wants_noise = noise.shape[2], ctx.needs_input_grad[0]
        padded = F.pad(grad_outputs[0], (ctx.reach, ctx.n_fft - hop - ctx.reach))
        grad_frames = padded.unfold(-1, ctx.n_fft, hop)
        grad_noise = torch.empty_like(noise) if wants_noise else None
        grad_magnitudes = torch.empty_like(magnitudes)
        to_bands = (response * _mirrored(ctx.n_fft, response)).t() / ctx.n_fft
        for frames, spectrum in zip(_chunks(noise, ctx.n_fft), spectra, strict=True):
            grad = torch.fft.rfft(grad_frames[:, frames], ctx.n_fft)
            products = torch.view_as_real(spectrum) * torch.view_as_real(grad)
            grad_magnitudes[:, frames] = _product(products[..., 0] + products[..., 1], to_bands)
            if grad_noise is not None:
                heard = torch.fft.irfft(grad * _product(magnitudes[:, frames], response), ctx.n_fft)
                grad_noise[:, frames] = heard[..., ctx.reach : ctx.reach + hop]
        return grad_noise, grad_magnitudes, None, None, None


def _chunks(noise: Tensor, n_fft: int) -> list[slice]:
    """Ranges of frames, of all clips, whose buffers make up one chunk."""
    batch, n_frames, _ = noise.shape
    chunk = _CHUNK_SAMPLES.get(noise.device.type, _CHUNK_SAMPLES_ELSEWHERE)
    step = max(1, chunk // (batch * n_fft))
    return [slice(start, min(start + step, n_frames)) for start in range(0, n_frames, step)]


def _product(frames: Tensor, matrix: Tensor) -> Tensor:
    """(B, F, n) @ (n, m), exact in float32: what reduced precision leaves out of a filter can be heard."""
    with torch.autocast(frames.device.type, enabled=False), full_precision():
        return frames @ matrix


def _mirrored(n_fft: int, like: Tensor) -> Tensor:
    """(bins,) how often irfft uses each bin: twice, but for 0 Hz and Nyquist."""
    times = like.new_full((n_fft // 2 + 1,), 2.0)
    times[0] = 1.0
    if n_fft % 2 == 0:
        times[-1] = 1.0
    return times


@cache
@torch.inference_mode(False)  # what is kept must serve training too
def noise_response(n_bands: int, n_fft: int) -> Tensor:
    """(M, n_fft / 2 + 1): magnitudes at M even frequencies -> real spectrum of their windowed zero-phase filter."""
    length = 2 * (n_bands - 1)
    impulse = torch.fft.irfft(torch.eye(n_bands, dtype=torch.float64), length)
    window = torch.hann_window(length, dtype=torch.float64).roll(length // 2)
    impulse = (impulse * window).roll(length // 2, dims=-1)
    centred = F.pad(impulse, (0, n_fft - length)).roll(-(length // 2), dims=-1)
    return torch.fft.rfft(centred).real.float()
