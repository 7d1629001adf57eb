"""The amplitude envelope of a note, and what is measured on it once per note."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.descriptors.descriptor import Descriptor
from synths.layers import Layers
from synths.spectrum import Spectrum

RATE_HZ = 500.0
REACH = 2
"""Frames on either side of a window's centre: 8 ms in all. The envelope begins and ends as far outside the sound."""

FLOOR = 2.0**-26
"""Amplitude that counts as nothing, -156 dB: the square root's gradient stays finite, and silence is exactly zero."""

SOFTNESS = 0.02
"""How soft a threshold is, in parts of the envelope's maximum."""


class Envelope(nn.Module):
    """Root mean square under a Hann window of 8 ms, about 500 times a second.

    Frame n is centred on time (n - 2) * hop_s; beyond the ends there is silence. The ripple of tones below some 125 Hz,
    whose half periods the window does not bridge, stays in it.
    """

    window: Tensor

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.clip = clip
        self.hop = round(clip.sample_rate / RATE_HZ)
        self.hop_s = self.hop / clip.sample_rate
        self.spectrum = Spectrum(clip)
        window = torch.hann_window(2 * REACH * self.hop) / (REACH * self.hop)
        self.register_buffer("window", window, persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, E) root mean square, E = N / hop + 5, rounded down."""
        outside = 2 * REACH * self.hop
        squares = F.pad(audio, (outside, outside)).square()
        return _root((squares.unfold(-1, len(self.window), self.hop) * self.window).sum(-1))

    def of_layers(self, layers: Layers) -> Tensor:
        """What a synth plays -> (B, E): its frames joined in lines, as the oscillators join them, then smoothed."""
        noise = self.spectrum.of_layers(layers.noise_alone).sum(-1)
        amplitude = _root(0.5 * (layers.amplitudes.square().sum(-1) + noise))
        n_frames = amplitude.shape[-1]
        place = torch.arange(n_frames * self.clip.hop // self.hop + 1, device=amplitude.device)
        place = (place * self.hop / self.clip.hop).to(amplitude.dtype)
        near = place.long().clamp_max(n_frames - 1)
        far = (near + 1).clamp_max(n_frames - 1)
        joined = torch.lerp(amplitude[:, near], amplitude[:, far], place - near) * (place < n_frames)
        squares = F.pad(joined, (REACH + 1, REACH + 1)).square()
        return _root(0.25 * squares[:, :-2] + 0.5 * squares[:, 1:-1] + 0.25 * squares[:, 2:])

    def time_s(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope -> (E,) its frames' times from the start of the sound."""
        index = torch.arange(envelope.shape[-1], device=envelope.device, dtype=envelope.dtype)
        return (index - REACH) * self.hop_s


class EnvelopeDescriptor(Descriptor):
    """A descriptor of the whole note's envelope, of a sound or of what a synth plays: one definition for both."""

    rate = "note"

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.envelope = Envelope(clip)

    def of(self, envelope: Tensor) -> Tensor:
        """(B, E) envelope as `Envelope` defines it -> (B,) in the descriptor's unit."""
        raise NotImplementedError

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(B, N) audio -> (B, 1) in the descriptor's unit; the pitch is ignored."""
        return self.of(self.envelope(audio))[:, None]

    def measure_layers(self, layers: Layers) -> Tensor:
        """What a synth plays -> (B, 1) in the descriptor's unit."""
        return self.of(self.envelope.of_layers(layers))[:, None]


def before_passage(envelope: Tensor, threshold: float) -> Tensor:
    """(B, E) envelope -> (B, E) share in 0..1 of the envelope not having passed a part of its maximum yet.

    A soft first passage: the product over all frames so far of 1 - sigmoid((e - threshold) / 0.02), e relative to the
    maximum, each factor divided by that of silence: waiting for a note does not wear it down.
    """
    relative = envelope / (envelope.amax(-1, keepdim=True) + FLOOR)
    in_silence = math.log1p(math.exp(-threshold / SOFTNESS))
    return (in_silence - F.softplus((relative - threshold) / SOFTNESS)).cumsum(-1).exp()


def _root(mean_square: Tensor) -> Tensor:
    return (mean_square + FLOOR**2).sqrt() - FLOOR
