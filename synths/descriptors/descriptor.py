"""What every measure of a perceptual quality promises."""

import re
from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import Tensor, nn

from synths.clip import ClipFormat
from synths.spectrum import Spectrum


class Descriptor(nn.Module):
    """Measures one quality of a sound, in its own unit and as a knob position.

    A position of 0 is the low end of `span`, 1 its high end. The span is the training data's own (see `calibrate`)
    and travels in the checkpoint.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    summary: ClassVar[str]
    default_span: ClassVar[tuple[float, float]]
    span: Tensor

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__()
        self.clip = clip
        self.register_buffer("span", torch.tensor(self.default_span))

    def measure(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) in the descriptor's unit; finite, with finite gradients, for silence too."""
        raise NotImplementedError

    def forward(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) knob positions: 0..1 within the training range, beyond it outside."""
        return self.to_unit(self.measure(audio))

    def to_unit(self, value: Tensor) -> Tensor:
        """Value in the descriptor's unit -> knob position."""
        return (value - self.span[0]) / (self.span[1] - self.span[0])

    def from_unit(self, position: Tensor) -> Tensor:
        """Knob position -> value in the descriptor's unit."""
        return self.span[0] + position * (self.span[1] - self.span[0])

    @torch.no_grad()
    def calibrate(self, values: Tensor, percentiles: tuple[float, float] = (1.0, 99.0)) -> None:
        """Set the span to robust ends of measured (n,) values; a degenerate range keeps the default."""
        low, high = torch.quantile(values.double(), torch.tensor(percentiles, dtype=torch.float64) / 100).tolist()
        if high - low > 1e-3 * (self.default_span[1] - self.default_span[0]):
            self.span.copy_(torch.tensor([low, high]))


class SpectralDescriptor(Descriptor):
    """A descriptor of each frame's power spectrum; the spectrum can be computed once for several of them."""

    def __init__(self, clip: ClipFormat) -> None:
        super().__init__(clip)
        self.spectrum = Spectrum(clip)

    def of(self, power: Tensor) -> Tensor:
        """(B, F, bins) power as `Spectrum` defines it -> (B, F) in the descriptor's unit."""
        raise NotImplementedError

    def measure(self, audio: Tensor) -> Tensor:
        """(B, N) audio -> (B, F) in the descriptor's unit."""
        return self.of(self.spectrum(audio))


def measure_all(descriptors: Iterable[Descriptor], audio: Tensor) -> list[Tensor]:
    """(B, N) audio -> (B, F) by each descriptor in its unit, computing every kind of spectrum once."""
    descriptors = list(descriptors)
    if audio.device.type != "cpu":
        return _measured(descriptors, audio)
    # Clip by clip: the spectra of one stay in the cache, which makes it two to four times as fast.
    by_clip = [_measured(descriptors, clip) for clip in audio.split(1)]
    return [torch.cat(values) for values in zip(*by_clip, strict=True)]


def _measured(descriptors: list[Descriptor], audio: Tensor) -> list[Tensor]:
    spectra: dict[int, Tensor] = {}
    measured = []
    for descriptor in descriptors:
        if isinstance(descriptor, SpectralDescriptor):
            n_fft = descriptor.spectrum.n_fft
            if n_fft not in spectra:
                spectra[n_fft] = descriptor.spectrum(audio)
            measured.append(descriptor.of(spectra[n_fft]))
        else:
            measured.append(descriptor.measure(audio))
    return measured
