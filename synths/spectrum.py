"""Short-time spectra, one per control frame."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from synths.clip import ClipFormat
from synths.layers import Layers
from synths.noise import noise_response
from synths.signal import overlap_add


def hann(size: int) -> Tensor:
    """The usual window, (size,) in double precision."""
    return torch.hann_window(size, dtype=torch.float64)


class Spectrum(nn.Module):
    """Power spectrum at every control frame, in units of a full-scale sine.

    A sine of amplitude 1 has a total power of 1 whatever the window, so that levels mean the same at every rate.
    Frame t is centred on sample t * hop; beyond the ends there is silence. Differentiable once.

    Args:
        clip: format of the run
        window_s: shortest window; rounded up to a power of two samples
        shape: size -> (size,) window
    """

    window: Tensor
    window_rest: Tensor
    frequency_hz: Tensor

    def __init__(self, clip: ClipFormat, window_s: float = 0.04, shape: Callable[[int], Tensor] = hann) -> None:
        super().__init__()
        self.hop = clip.hop
        self.n_fft = 1 << (round(window_s * clip.sample_rate) - 1).bit_length()
        window = shape(self.n_fft)
        # Parseval: one-sided sum of |X|^2 of a unit sine is n_fft * sum(window^2) / 4
        window = window * (4.0 / (self.n_fft * window.square().sum())).sqrt()
        # What float32 takes from it is kept, for the sum to be whole again after `double`: a rounded window strews a
        # little of a sine over all bins.
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("window_rest", (window - window.float()).float(), persistent=False)
        frequency_hz = torch.fft.rfftfreq(self.n_fft, 1.0 / clip.sample_rate)
        self.register_buffer("frequency_hz", frequency_hz, persistent=False)

    def forward(self, audio: Tensor, every: int = 1) -> Tensor:
        """(B, N) audio -> (B, F, n_fft / 2 + 1) power, F = N / hop; or every `every`-th frame of it."""
        n_frames = -(-(audio.shape[-1] // self.hop) // every)
        padded = F.pad(audio, (self.n_fft // 2, self.n_fft // 2))
        return _FramePower.apply(padded, self.window + self.window_rest, self.hop * every, n_frames)

    def of_layers(self, layers: Layers) -> Tensor:
        """What a synth plays -> (B, F, n_fft / 2 + 1) power, as if the window had no width.

        A partial's power is shared by the two bins around it, in proportion.
        """
        place = (layers.partials_hz / self.frequency_hz[1]).clamp(0.0, self.n_fft // 2 - 1e-3)
        below, line = place.floor(), layers.amplitudes.square()
        share = place - below
        power = self._noise_power(layers.noise_magnitudes).expand(*layers.f0_hz.shape, self.n_fft // 2 + 1)
        power = power.scatter_add(-1, below.long(), (1.0 - share) * line)
        return power.scatter_add(-1, below.long() + 1, share * line)

    def _noise_power(self, magnitudes: Tensor) -> Tensor:
        """(B, F, M) gains -> (B, F, bins), or (1,) nothing where there are no bands."""
        n_bands = magnitudes.shape[-1]
        if not n_bands:
            return magnitudes.new_zeros(1)
        if self.n_fft < 2 * (n_bands - 1):
            raise ValueError(f"{n_bands} noise bands are finer than the {self.n_fft // 2} bins of the spectrum.")
        gain = magnitudes @ noise_response(n_bands, self.n_fft).to(magnitudes)
        # Uniform in -1..1 has a mean square of 1/3, which the bins share.
        return gain.square() * (2.0 / 3.0 / (self.n_fft // 2))


class _FramePower(torch.autograd.Function):
    """(B, L) padded audio, (n,) window, hop, F -> (B, F, n / 2 + 1) power of the frames' spectra.

    Autograd would take the adjoint of a real FFT by a complex one of twice the size, and handle the spectrum in
    parts: more than twice as long in all.
    """

    @staticmethod
    def forward(ctx: Any, padded: Tensor, window: Tensor, hop: int, n_frames: int) -> Tensor:
        frames = padded.unfold(-1, len(window), hop)[:, :n_frames]
        spectrum = torch.fft.rfft(frames * window)
        ctx.save_for_backward(spectrum, window)
        ctx.hop, ctx.length = hop, padded.shape[1]
        squares = torch.view_as_real(spectrum).square()
        return squares[..., 0] + squares[..., 1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None, None]:
        spectrum, window = ctx.saved_tensors
        size = len(window)
        # the slope by X is 2 X; rfft's adjoint is half of irfft without its factor, but for the unmirrored ends
        slope = spectrum * grad_outputs[0]
        slope[..., :: size // 2] *= 2.0
        frames = torch.fft.irfft(slope, size, norm="forward").mul_(window)
        summed = overlap_add(F.pad(frames, (0, -size % ctx.hop)), ctx.hop)
        return F.pad(summed, (0, ctx.length - summed.shape[1])), None, None, None
