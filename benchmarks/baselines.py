"""What the literature's systems compute, written plainly in torch: the other side of every ratio.

The equations are the same as ours and the sound is the same to a few thousandths; nothing is done to be fast.
"""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lightning_modules.decoders import Decoder
from synths import ClipFormat, FilteredNoise, Harmonics, SMSSynth
from synths.signal import exp_sigmoid, hz_to_midi


def plain_bank(f0_hz: Tensor, amplitudes: Tensor, hop: int, sample_rate: int) -> Tensor:
    """The sum as it is usually written: every partial at every sample, phase accumulated in float32."""
    partial = torch.arange(1, amplitudes.shape[-1] + 1, device=f0_hz.device)
    amplitudes = amplitudes * (f0_hz[..., None] * partial < sample_rate / 2)
    f0_hz, amplitudes = _to_samples(f0_hz[..., None], hop), _to_samples(amplitudes, hop)
    phase = torch.cumsum(2 * math.pi * f0_hz / sample_rate, dim=1)
    return (amplitudes * torch.sin(phase * partial)).sum(-1)


def _to_samples(frames: Tensor, hop: int) -> Tensor:
    ends = torch.cat([frames, frames[:, -1:]], dim=1)
    weight = (torch.arange(hop, device=frames.device) / hop)[:, None]
    return torch.lerp(ends[:, :-1, None], ends[:, 1:, None], weight).flatten(1, 2)


def plain_noise(noise: Tensor, magnitudes: Tensor) -> Tensor:
    """Filter (B, F, hop) noise by (B, F, M) magnitudes, an FFT per frame and per filter: (B, F * hop)."""
    batch, n_frames, hop = noise.shape
    half = magnitudes.shape[-1] - 1
    impulse = torch.fft.irfft(magnitudes, 2 * half).roll(half, dims=-1)
    impulse = impulse * torch.hann_window(2 * half, device=noise.device)
    n_fft = 1 << (hop + 2 * half - 2).bit_length()
    frames = torch.fft.irfft(torch.fft.rfft(noise, n_fft) * torch.fft.rfft(impulse, n_fft), n_fft)
    length = (n_frames - 1) * hop + n_fft
    summed = F.fold(frames.transpose(1, 2), (1, length), (1, n_fft), stride=(1, hop)).reshape(batch, length)
    return summed[:, half : half + n_frames * hop]


def plain_convolution(audio: Tensor, impulse: Tensor) -> Tensor:
    """Reverb at twice the clip's length, the impulse response padded to it."""
    n_samples = audio.shape[-1]
    spectrum = torch.fft.rfft(audio, 2 * n_samples) * torch.fft.rfft(impulse, 2 * n_samples)
    return torch.fft.irfft(spectrum, 2 * n_samples)[..., :n_samples]


class PlainHarmonics(Harmonics):
    """The harmonic layer over the plain bank."""

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """(B, F) pitch and raw parameters -> (B, N) audio."""
        return plain_bank(f0_hz, self.amplitudes(f0_hz, parameters), self.clip.hop, self.clip.sample_rate)


class PlainNoise(FilteredNoise):
    """The noise layer, an FFT per frame and per filter."""

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """Raw (B, F, M) bands -> (B, N) audio."""
        noise = 2.0 * torch.rand(*f0_hz.shape, self.clip.hop, device=f0_hz.device) - 1.0
        return plain_noise(noise, exp_sigmoid(parameters["noise_bands"] - 5.0))


class PlainReverb(nn.Module):
    """A learned impulse response of one second, as bare samples."""

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.impulse = nn.Parameter(1e-6 * torch.randn(clip.sample_rate))

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) dry audio -> (B, N) audio in its room."""
        return audio + plain_convolution(audio, F.pad(self.impulse, (0, audio.shape[-1] - len(self.impulse))))


def plain_synth(clip: ClipFormat, n_harmonics: int = 100, n_bands: int = 65) -> SMSSynth:
    """Harmonics, noise and room, each in its plain form."""
    parts = [partial(PlainHarmonics, n_harmonics=n_harmonics), partial(PlainNoise, n_bands=n_bands)]
    return SMSSynth(clip, parts, [PlainReverb])


class LiteratureDecoder(Decoder):
    """The decoder of DDSP at its published size (Engel et al. 2020, appendix B.2): about 4.5 million weights.

    An MLP of three layers of 512 for the pitch and another for the controls, a GRU of 512 units over both, and an MLP
    of three layers over all of them.

    Args:
        n_controls: C
        residual_size: D
        sizes: width of each synth parameter
        width: units of each layer
    """

    def __init__(self, n_controls: int, residual_size: int, sizes: dict[str, int], width: int = 512) -> None:
        nn.Module.__init__(self)  # none of the layers that our decoders share
        self.sizes = sizes
        self.pitch, self.rest = _mlp(1, width), _mlp(n_controls + residual_size, width)
        self.gru = nn.GRU(2 * width, width, batch_first=True)
        self.out = _mlp(3 * width, width)
        self.heads = nn.Linear(width, sum(sizes.values()))

    def forward(self, f0_hz: Tensor, controls: Tensor, residual: Tensor) -> dict[str, Tensor]:
        """(B, F) pitch, (B, F, C) controls, (B, F, D) residual -> raw (B, F, size) parameters by name."""
        pitch = (hz_to_midi(f0_hz)[..., None] - 64.0) / 44.0
        inputs = torch.cat([self.pitch(pitch), self.rest(torch.cat([2.0 * controls - 1.0, residual], dim=-1))], dim=-1)
        hidden, _ = self.gru(inputs)
        parameters = self.heads(self.out(torch.cat([hidden, inputs], dim=-1)))
        return dict(zip(self.sizes, parameters.split(list(self.sizes.values()), dim=-1), strict=True))


def _mlp(n_inputs: int, width: int) -> nn.Module:
    layers = []
    for n_in in (n_inputs, width, width):
        layers += [nn.Linear(n_in, width), nn.LayerNorm(width), nn.LeakyReLU()]
    return nn.Sequential(*layers)
