"""A sound, heard or played, and what has been computed of it, so that descriptors share it."""

from typing import Protocol

from torch import Tensor

from synths.descriptors.harmonic_lines import HarmonicLines, harmonic_lines
from synths.layers import Layers
from synths.spectrum import Spectrum


class Measuring(Protocol):
    """What can be measured of both kinds of sound: `Descriptor` says how."""

    def measure(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """Of (B, N) audio and its (B, F) pitch."""
        ...

    def measure_layers(self, layers: Layers) -> Tensor:
        """Of what a synth plays."""
        ...


class Sound:
    """(B, N) audio and its (B, F) pitch in Hz; spectra and harmonic lines are computed when first asked for.

    Args:
        audio: (B, N)
        f0_hz: (B, F)
        every: look at every so-many-th frame only: F / every of them, rounded up
    """

    def __init__(self, audio: Tensor, f0_hz: Tensor, every: int = 1) -> None:
        self.audio, self.every = audio, every
        self.f0_hz, self.all_f0_hz = f0_hz[:, ::every], f0_hz
        self._power: dict[int, Tensor] = {}
        self._lines: dict[int, HarmonicLines] = {}

    def power(self, spectrum: Spectrum) -> Tensor:
        """(B, F, bins) power; spectra of one size are the same."""
        if spectrum.n_fft not in self._power:
            self._power[spectrum.n_fft] = spectrum(self.audio, self.every)
        return self._power[spectrum.n_fft]

    def lines(self, spectrum: Spectrum) -> HarmonicLines:
        """Harmonics and noise at the known pitch."""
        if spectrum.n_fft not in self._lines:
            lines = harmonic_lines(self.power(spectrum), self.f0_hz, spectrum.frequency_hz)
            self._lines[spectrum.n_fft] = lines
        return self._lines[spectrum.n_fft]

    def measured_by(self, descriptor: Measuring) -> Tensor:
        """What a descriptor that shares nothing measures of it."""
        return descriptor.measure(self.audio, self.all_f0_hz)[:, :: self.every]


class PlayedSound:
    """What a synth plays, as a `Sound` without a window's smear."""

    def __init__(self, layers: Layers, every: int = 1) -> None:
        self.layers = Layers(*(layer[:, ::every] for layer in layers))
        self.f0_hz, self.all_layers, self.every = self.layers.f0_hz, layers, every
        self._power: dict[int, Tensor] = {}
        self._lines: dict[int, HarmonicLines] = {}

    def power(self, spectrum: Spectrum) -> Tensor:
        """(B, F, bins) power."""
        if spectrum.n_fft not in self._power:
            self._power[spectrum.n_fft] = spectrum.of_layers(self.layers)
        return self._power[spectrum.n_fft]

    def lines(self, spectrum: Spectrum) -> HarmonicLines:
        """Harmonics and noise as they are played."""
        if spectrum.n_fft not in self._lines:
            noise = spectrum.of_layers(self.layers._replace(amplitudes=self.layers.amplitudes[..., :0])).sum(-1)
            self._lines[spectrum.n_fft] = HarmonicLines(self.layers.amplitudes.square(), noise)
        return self._lines[spectrum.n_fft]

    def measured_by(self, descriptor: Measuring) -> Tensor:
        """What a descriptor that shares nothing measures of it."""
        return descriptor.measure_layers(self.all_layers)[:, :: self.every]
